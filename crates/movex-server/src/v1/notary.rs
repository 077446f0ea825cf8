//! The server's word: who a client is, and when a session was created (M21, G7).
//!
//! HMAC-SHA256 over what is said, with a key that only the server has. Each kind of word has a name of its own in the
//! signed text, so that none stands in another's place.

use hmac::{Hmac, KeyInit, Mac};
use movex_core::context::TimeMs;
use movex_core::ids::{ClientId, IDENTITY_PREFIX, SessionId};
use sha2::Sha256;

use crate::runtime::fresh_name;

/// Signs, and knows its own signatures.
#[derive(Clone)]
pub(crate) struct Notary {
    mac: Hmac<Sha256>,
}

impl Notary {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { mac: Hmac::new_from_slice(key).expect("HMAC takes keys of any length") }
    }

    /// An identity that nobody has yet.
    pub(super) fn fresh_identity() -> ClientId {
        ClientId::new(format!("{IDENTITY_PREFIX}{}", fresh_name()))
    }

    /// What proves that its holder is that client.
    pub(super) fn token(&self, client: &ClientId) -> String {
        format!("{client}.{}", self.sign(&["identity", client.as_str()]))
    }

    /// The client that a token proves.
    pub(super) fn client_of(&self, token: &str) -> Option<ClientId> {
        let (client, signature) = token.rsplit_once('.')?;
        self.verify(&["identity", client], signature).then(|| ClientId::new(client))
    }

    /// When a session was created, signed.
    pub(super) fn session_proof(&self, client: &ClientId, session: &SessionId, created: TimeMs) -> String {
        let time = created.0.to_string();
        let signature = self.sign(&["session", client.as_str(), session.as_str(), &time]);
        format!("{time}.{signature}")
    }

    /// When the session was created, by its proof.
    pub(super) fn created(&self, client: &ClientId, session: &SessionId, proof: &str) -> Option<TimeMs> {
        let (time, signature) = proof.split_once('.')?;
        let said = ["session", client.as_str(), session.as_str(), time];
        self.verify(&said, signature).then(|| time.parse().ok().map(TimeMs))?
    }

    /// The MAC of several parts, each with its length before it, so that no two lists of parts are signed alike.
    fn mac_of(&self, parts: &[&str]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }

    fn sign(&self, parts: &[&str]) -> String {
        let bytes = self.mac_of(parts).finalize().into_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// In constant time.
    fn verify(&self, parts: &[&str], signature: &str) -> bool {
        let digits = signature.as_bytes();
        let nibble = |digit: u8| char::from(digit).to_digit(16);
        let bytes: Option<Vec<u8>> = digits
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some((nibble(*high)? << 4 | nibble(*low)?) as u8),
                _ => None,
            })
            .collect();
        bytes.is_some_and(|bytes| self.mac_of(parts).verify_slice(&bytes).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g7_a_token_proves_its_client_and_no_other() {
        let notary = Notary::new(&[7; 32]);
        let ann = Notary::fresh_identity();
        let token = notary.token(&ann);
        assert_eq!(notary.client_of(&token), Some(ann.clone()));
        assert_eq!(Notary::new(&[8; 32]).client_of(&token), None);
        let (_, signature) = token.rsplit_once('.').unwrap();
        for forged in [
            format!("~somebody.{signature}"),
            format!("{ann}."),
            format!("{ann}.00"),
            format!("{ann}.zz"),
            ann.to_string(),
            String::new(),
        ] {
            assert_eq!(notary.client_of(&forged), None, "{forged}");
        }
    }

    #[test]
    fn m21_a_session_s_time_is_its_own() {
        let notary = Notary::new(&[7; 32]);
        let (ann, bob) = (Notary::fresh_identity(), Notary::fresh_identity());
        let session = SessionId::new("s1");
        let proof = notary.session_proof(&ann, &session, TimeMs(500));
        assert_eq!(notary.created(&ann, &session, &proof), Some(TimeMs(500)));
        assert_eq!(notary.created(&bob, &session, &proof), None);
        assert_eq!(notary.created(&ann, &SessionId::new("s2"), &proof), None);
        let (_, signature) = proof.split_once('.').unwrap();
        assert_eq!(notary.created(&ann, &session, &format!("400.{signature}")), None);
        // A word of one kind is none of another.
        assert_eq!(notary.client_of(&proof), None);
    }
}
