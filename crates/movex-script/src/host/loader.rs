//! The engine's way to a bundle's modules.

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Module};

use crate::bundle::Bundle;

/// Finds and loads the modules of one bundle, and nothing else.
#[derive(Clone)]
pub(crate) struct BundleLoader(pub(crate) Bundle);

impl Resolver for BundleLoader {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        if let Some(target) = self.0.module(base).and_then(|module| module.imports.get(name)) {
            return Ok(target.clone());
        }
        // Generated modules name their imports by id.
        if self.0.module(name).is_some() {
            return Ok(name.to_owned());
        }
        Err(Error::new_resolving_message(
            base,
            name,
            "it was not known when the app was loaded: write the module's name as a string",
        ))
    }
}

impl Loader for BundleLoader {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        let Some(module) = self.0.module(name) else {
            return Err(Error::new_loading(name));
        };
        Module::declare(ctx.clone(), name, module.code.as_str())
    }
}
