//! The messages of event files, in the wire format of protocol buffers.
//!
//! Of `tensorflow/core/util/event.proto` and `summary.proto`, with their field numbers:
//!
//! ```text
//! Event      { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
//! Summary    { repeated Value value = 1; }
//! Value      { string tag = 1; float simple_value = 2; }
//! SessionLog { SessionStatus status = 1; }   START = 1
//! ```

/// The version of the format, which the first event of a file tells.
pub const FILE_VERSION: &str = "brain.Event:2";

/// What an event says.
#[derive(Clone, Debug)]
pub enum Content<'a> {
    /// The version of the format.
    FileVersion,
    /// Writing starts, anew after an interruption: what an older file says of this step and later ones is void.
    Start,
    /// Values by tag.
    Scalars(&'a [(String, f64)]),
}

/// The bytes of an event at a time in seconds since 1970, after `step` steps. Values are stored in single precision.
pub fn event(seconds: f64, step: u64, content: &Content<'_>) -> Vec<u8> {
    let mut message = Message::default();
    message.double(1, seconds);
    if step > 0 {
        message.varint(2, step);
    }
    match content {
        Content::FileVersion => message.bytes(3, FILE_VERSION.as_bytes()),
        Content::Start => {
            let mut session = Message::default();
            session.varint(1, 1);
            message.bytes(7, &session.0);
        }
        Content::Scalars(values) => {
            let mut summary = Message::default();
            for (tag, value) in *values {
                let mut entry = Message::default();
                entry.bytes(1, tag.as_bytes());
                entry.float(2, *value as f32);
                summary.bytes(1, &entry.0);
            }
            message.bytes(5, &summary.0);
        }
    }
    message.0
}

/// A message in the making.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn key(&mut self, field: u64, wire_type: u64) {
        self.number(field << 3 | wire_type);
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn varint(&mut self, field: u64, value: u64) {
        self.key(field, 0);
        self.number(value);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, value: &[u8]) {
        self.key(field, 2);
        self.number(value.len() as u64);
        self.0.extend(value);
    }

    fn float(&mut self, field: u64, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The literals are what the messages of the Python package `tensorboard` 2.21 serialise to.
    #[test]
    fn events_are_the_bytes_of_tensorboards_own_messages() {
        assert_eq!(
            hex(&event(1.0, 0, &Content::FileVersion)),
            "09000000000000f03f1a0d627261696e2e4576656e743a32"
        );
        assert_eq!(
            hex(&event(1.5, 300, &Content::Start)),
            "09000000000000f83f10ac023a020801"
        );
        let values = [("a".to_string(), 1.0), ("evaluation/nll".to_string(), -1.83125)];
        assert_eq!(
            hex(&event(1_760_000_000.25, 1, &Content::Scalars(&values))),
            "0900001000de39da4110012a210a080a0161150000803f0a150a0e6576616c756174696f6e2f6e6c6c156666eabf"
        );
    }

    #[test]
    fn what_is_not_finite_stays_what_it_is() {
        let values = [("x".to_string(), f64::NAN), ("y".to_string(), f64::NEG_INFINITY)];
        let bytes = event(0.0, 1, &Content::Scalars(&values));
        let float = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let (end, size) = (bytes.len(), 10);
        assert!(float(end - size - 4).is_nan());
        assert_eq!(float(end - 4), f32::NEG_INFINITY);
    }
}
