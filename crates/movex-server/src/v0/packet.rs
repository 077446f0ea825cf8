//! Socket.IO protocol 5 over Engine.IO 4, as far as JSON goes: this is all of it.

/// A frame from a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// `/` unless it names another.
    pub(super) namespace: &'a str,
    pub(super) packet: Packet<'a>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// Asks to be let in.
    Connect,
    /// Leaves, and keeps the transport.
    Disconnect,
    /// `["name", argument...]`, and the number under which it wants its answer.
    Event { ack: Option<u64>, json: &'a str },
    /// An answer; we never ask.
    Ack,
}

/// Takes a frame apart; `None` when it is none, or one with binary attachments, which v0 does not have.
pub(super) fn parse(text: &str) -> Option<Frame<'_>> {
    let kind = text.chars().next()?;
    let rest = text.get(1..)?;
    let (namespace, rest) = match rest.starts_with('/') {
        true => rest.split_once(',').unwrap_or((rest, "")),
        false => ("/", rest),
    };
    // A query behind it belongs to older clients.
    let namespace = namespace.split('?').next().unwrap_or(namespace);
    let packet = match kind {
        '0' => Packet::Connect,
        '1' => Packet::Disconnect,
        '2' => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (ack, json) = rest.split_at(digits);
            let ack = match ack {
                "" => None,
                number => Some(number.parse().ok()?),
            };
            Packet::Event { ack, json }
        }
        '3' => Packet::Ack,
        _ => return None,
    };
    Some(Frame { namespace, packet })
}

/// The client is let in.
pub(super) fn connect(sid: &str) -> String {
    format!(r#"0{{"sid":"{sid}"}}"#)
}

/// The client is sent away.
pub(super) const DISCONNECT: &str = "1";

/// The client is not let in. `data` is JSON.
pub(super) fn connect_error(namespace: &str, message: &str, data: Option<&str>) -> String {
    let namespace = match namespace {
        "/" => String::new(),
        other => format!("{other},"),
    };
    let message = super::encode::text(message);
    let data = data.map(|data| format!(r#","data":{data}"#)).unwrap_or_default();
    format!(r#"4{namespace}{{"message":{message}{data}}}"#)
}

/// An event with one argument.
pub(super) fn event(name: &str, argument: &str) -> String {
    format!(r#"2["{name}",{argument}]"#)
}

/// An event without an argument.
pub(super) fn bare_event(name: &str) -> String {
    format!(r#"2["{name}"]"#)
}

/// The answer to an event.
pub(super) fn ack(id: u64, answer: &str) -> String {
    format!("3{id}[{answer}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(text: &str) -> Option<Packet<'_>> {
        parse(text).map(|frame| frame.packet)
    }

    #[test]
    fn frames_are_taken_apart() {
        assert_eq!(packet("0"), Some(Packet::Connect));
        assert_eq!(packet(r#"0{"token":1}"#), Some(Packet::Connect));
        assert_eq!(packet("1"), Some(Packet::Disconnect));
        let event = |ack, json| Some(Packet::Event { ack, json });
        assert_eq!(packet(r#"2["ping",null]"#), event(None, r#"["ping",null]"#));
        assert_eq!(packet(r#"217["ping"]"#), event(Some(17), r#"["ping"]"#));
        assert_eq!(packet("31[1]"), Some(Packet::Ack));
        let elsewhere = parse(r#"2/admin,5["x"]"#).unwrap();
        assert_eq!(elsewhere.namespace, "/admin");
        assert_eq!(elsewhere.packet, Packet::Event { ack: Some(5), json: r#"["x"]"# });
        assert_eq!(parse("0/admin").unwrap().namespace, "/admin");
    }

    #[test]
    fn what_is_no_frame_is_none() {
        for text in ["", "9", "é", r#"51-["ping",{}]"#, r#"299999999999999999999999["ping"]"#] {
            assert_eq!(packet(text), None, "{text}");
        }
    }
}
