//! The framing of TFRecord files.
//!
//! A record is the length of its data (`u64`, little-endian), the masked checksum of these eight bytes (`u32`), the data,
//! and the masked checksum of the data (`u32`).

use crc::{CRC_32_ISCSI, Crc};
use std::io::{self, Write};

const CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Writes one record.
///
/// # Errors
/// If the system refuses.
pub fn write_record(mut out: impl Write, data: &[u8]) -> io::Result<()> {
    let length = (data.len() as u64).to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&masked(&length).to_le_bytes())?;
    out.write_all(data)?;
    out.write_all(&masked(data).to_le_bytes())
}

/// A CRC-32C, rotated and shifted: the format does so since data may hold checksums itself.
fn masked(data: &[u8]) -> u32 {
    CRC32C.checksum(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The records of a file, whose framing must be right.
    pub fn read_records(mut file: &[u8]) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        let mut take = |count: usize| -> Option<&[u8]> {
            let (taken, rest) = (!file.is_empty()).then(|| file.split_at(count))?;
            file = rest;
            Some(taken)
        };
        let checksum = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        while let Some(length) = take(8) {
            assert_eq!(checksum(take(4).unwrap()), masked(length));
            let data = take(u64::from_le_bytes(length.try_into().unwrap()) as usize).unwrap();
            assert_eq!(checksum(take(4).unwrap()), masked(data));
            records.push(data.to_vec());
        }
        records
    }

    #[test]
    fn the_checksum_is_that_of_the_literature() {
        // RFC 3720, appendix B.4.
        assert_eq!(CRC32C.checksum(&[0; 32]), 0x8a91_36aa);
        assert_eq!(CRC32C.checksum(&[0xff; 32]), 0x62a8_ab43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(CRC32C.checksum(&rising), 0x46dd_794e);
    }

    #[test]
    fn a_record_is_framed_as_tensorboard_frames_it() {
        let mut file = Vec::new();
        write_record(&mut file, b"ebm").unwrap();
        write_record(&mut file, b"").unwrap();
        assert_eq!(read_records(&file), [b"ebm".to_vec(), Vec::new()]);
        // What the record writer of the Python package `tensorboard` 2.21 writes.
        let expected = concat!(
            "0300000000000000b099490e65626db2f496eb",
            "000000000000000029039807d8ea82a2"
        );
        let hex: String = file.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }
}
