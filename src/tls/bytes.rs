//! Reading and writing the length-prefixed fields of TLS without a single index.

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn u24(&mut self) -> Option<usize> {
        let (high, low) = (self.u8()?, self.u16()?);
        Some(usize::from(high) << 16 | usize::from(low))
    }

    /// A field that opens with its length in 1 byte.
    pub(super) fn field8(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(length.into())
    }

    /// A field that opens with its length in 2 bytes.
    pub(super) fn field16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// A field that opens with its length in 3 bytes.
    pub(super) fn field24(&mut self) -> Option<&'a [u8]> {
        let length = self.u24()?;
        self.take(length)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends a field that opens with its length in `prefix` bytes. Our own hellos stay far below every limit.
pub(super) fn put_field(out: &mut Vec<u8>, prefix: usize, field: &[u8]) {
    let length = u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes();
    out.extend(length.iter().skip(4 - prefix));
    out.extend(field);
}

/// The numbers as they stand on the wire.
pub(super) fn wire(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}
