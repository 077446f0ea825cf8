//! `movex`: an app's reducers, served, watched and bundled.
#![forbid(unsafe_code)]

mod app;
mod bundle;
mod error;
mod file;
mod identity;
mod logs;
mod options;
mod run;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;

use crate::options::{Arguments, Task};
use crate::run::Mode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.task {
        Task::Dev(options) => run::run(Mode::Dev, options),
        Task::Serve(options) => run::run(Mode::Serve, options),
        Task::Build(options) => bundle::run(options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            if !logs::are_json() {
                eprintln!("error: {failed}{}", failed.hint_line());
            }
            ExitCode::FAILURE
        }
    }
}
