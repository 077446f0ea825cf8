//! `movex build`: checks an app, and writes its bundle.

use std::rc::Rc;

use movex_script::{HostOptions, ScriptHost};
use movex_server::LoadError;

use crate::app::Source;
use crate::error::Failed;
use crate::options::BuildOptions;

pub(crate) fn run(options: BuildOptions) -> Result<(), Failed> {
    let bundle = Source::new(options.path, &options.env).bundle()?;
    let sink = Rc::new(|report: movex_core::reducer::Report| {
        eprintln!("{}: {}", report.resource_type, report.text);
    });
    let host = ScriptHost::new(&bundle, HostOptions::default(), sink)
        .map_err(|error| Failed::Load(LoadError(error.to_string())))?;
    let bytes = bundle.to_bytes();
    std::fs::write(&options.out, &bytes).map_err(|error| Failed::File {
        path: options.out.clone(),
        what: "written",
        error,
    })?;
    println!(
        "{}: {} bytes, version {}, resources: {}",
        options.out.display(),
        bytes.len(),
        bundle.version(),
        host.resource_types().join(", "),
    );
    Ok(())
}
