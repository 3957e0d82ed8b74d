//! Fixed and extensible arrays as indexes of pieces. Source: specification, VII.C and VII.D.

use super::chunks::{Pieces, count};
use super::fields::{Fields, Held, hold};
use super::file::File;
use super::messages::Space;

/// What all blocks of an array share.
struct Array {
    at: u64,
    client: u8,
    /// Bytes of an element.
    element: u64,
    /// Elements of a page.
    page: u64,
}

/// Numbers in the header of an extensible array.
struct Growth {
    /// Bytes of the field that says where a block lies in the array.
    offset: u8,
    /// Elements of the smallest block.
    least: u64,
}

impl Array {
    /// The beginning of a block: mark and version were looked at, client and owner are next.
    fn owns(&self, fields: &mut Fields<'_>) -> Held<()> {
        let at = fields.place();
        fields.skip(4)?;
        fields.version(0..=0)?;
        let own = fields.byte()? == self.client && fields.defined()? == self.at;
        hold(own, at, "a block of the index of a dataset says that it belongs elsewhere")
    }

    fn elements(&self, number: u64, fields: &mut Fields<'_>, pieces: &mut Pieces<'_>, file: &File<'_, '_>) -> Held<()> {
        for _ in 0..number {
            let mut part = fields.part(self.element, "the index of a dataset")?;
            pieces.element(&mut part, file)?;
        }
        Ok(())
    }
}

impl File<'_, '_> {
    fn client(&self, fields: &mut Fields<'_>, pieces: &Pieces<'_>, at: u64) -> Held<(u8, u64)> {
        fields.skip(4)?;
        fields.version(0..=0)?;
        let client = fields.byte()?;
        let element = u64::from(fields.byte()?);
        let packed = if pieces.packed { u64::from(pieces.width()) + 4 } else { 0 };
        let wanted = u64::from(self.sizes.offsets) + packed;
        let sound = client == u8::from(pieces.packed) && element == wanted;
        hold(sound, at, format!("the index of a dataset has elements of {element} bytes, not {wanted}"))?;
        Ok((client, element))
    }

    /// A fixed array.
    pub fn fixed(&self, at: u64, space: &Space, pieces: &mut Pieces<'_>) -> Held<()> {
        let (o, l) = (u64::from(self.sizes.offsets), u64::from(self.sizes.lengths));
        let bytes = self.checked(at, 12 + o + l, b"FAHD", "a fixed array")?;
        let mut fields = self.fields(&bytes, at, "a fixed array");
        let (client, element) = self.client(&mut fields, pieces, at)?;
        let bits = u32::from(fields.byte()?);
        hold(bits < 32, at, "a fixed array has pages that are too long")?;
        let number = fields.length()?;
        let wanted = count(
            space.most.iter().zip(&space.dimensions).map(|(most, own)| most.unwrap_or(*own)),
            &pieces.layout.shape,
        );
        hold(wanted == Some(number), at, format!("the index of a dataset has room for {number} pieces, not for all"))?;
        let Some(block) = fields.address()? else { return Ok(()) };
        let array = Array { at, client, element, page: 1 << bits };
        let head = 6 + o;
        if number <= array.page {
            let length = number.saturating_mul(element).saturating_add(head + 4);
            let bytes = self.checked(block, length, b"FADB", "a block of a fixed array")?;
            let mut fields = self.fields(&bytes, block, "a block of a fixed array");
            array.owns(&mut fields)?;
            return array.elements(number, &mut fields, pieces, self);
        }
        let pages = number.div_ceil(array.page);
        let length = head + pages.div_ceil(8) + 4;
        let bytes = self.checked(block, length, b"FADB", "a block of a fixed array")?;
        let mut fields = self.fields(&bytes, block, "a block of a fixed array");
        array.owns(&mut fields)?;
        let written = fields.rest().to_vec();
        let begin = block.saturating_add(length);
        self.pages(&array, begin, number, &|page| is_set(&written, page), pieces)
    }

    /// Pages that stand one behind the other, each with its checksum; some were never written.
    fn pages(
        &self,
        array: &Array,
        begin: u64,
        number: u64,
        written: &dyn Fn(u64) -> bool,
        pieces: &mut Pieces<'_>,
    ) -> Held<()> {
        let (mut at, mut left, mut page) = (begin, number, 0);
        while left > 0 {
            let here = left.min(array.page);
            let length = here.saturating_mul(array.element).saturating_add(4);
            if written(page) {
                let bytes = self.checked(at, length, b"", "a page of the index of a dataset")?;
                array.elements(here, &mut self.fields(&bytes, at, "the index of a dataset"), pieces, self)?;
            }
            (at, left, page) = (at.saturating_add(length), left - here, page + 1);
            if !self.holds(at, 0) {
                return hold(left == 0, begin, "the index of a dataset leads out of the file");
            }
        }
        Ok(())
    }

    /// An extensible array.
    pub fn extensible(&self, at: u64, pieces: &mut Pieces<'_>) -> Held<()> {
        let (o, l) = (u64::from(self.sizes.offsets), u64::from(self.sizes.lengths));
        let bytes = self.checked(at, 16 + o + 6 * l, b"EAHD", "an extensible array")?;
        let mut fields = self.fields(&bytes, at, "an extensible array");
        let (client, element) = self.client(&mut fields, pieces, at)?;
        let bits = u64::from(fields.byte()?);
        let inner = u64::from(fields.byte()?);
        let least = u64::from(fields.byte()?);
        let pointers = u64::from(fields.byte()?);
        let page = u32::from(fields.byte()?);
        fields.skip(6 * l)?;
        let block = fields.address()?;
        let sound = least.is_power_of_two() && pointers.is_power_of_two() && pointers > 1;
        hold(sound && (1..=64).contains(&bits) && page < 32, at, "an extensible array has sizes that none has")?;
        let Some(block) = block else { return Ok(()) };
        let array = Array { at, client, element, page: 1 << page };
        let growth = Growth { offset: u8::try_from(bits.div_ceil(8)).unwrap_or(8), least };
        let supers = (1 + bits).saturating_sub(u64::from(least.ilog2()));
        let first = 2 * u64::from(pointers.ilog2());
        let (blocks, more) = (2 * (pointers - 1), supers.saturating_sub(first));
        let length = 10 + o + inner * element + (blocks + more) * o;
        let bytes = self.checked(block, length, b"EAIB", "the index block of an extensible array")?;
        let mut fields = self.fields(&bytes, block, "the index block of an extensible array");
        array.owns(&mut fields)?;
        array.elements(inner, &mut fields, pieces, self)?;
        for above in 0..first.min(supers) {
            for _ in 0..1u64 << (above / 2) {
                if let Some(data) = fields.address()? {
                    self.data_block(data, above, &array, &growth, &|_| true, pieces)?;
                }
            }
        }
        for above in first..supers {
            if let Some(at) = fields.address()? {
                self.super_block(at, above, &array, &growth, pieces)?;
            }
        }
        Ok(())
    }

    fn super_block(&self, at: u64, above: u64, array: &Array, growth: &Growth, pieces: &mut Pieces<'_>) -> Held<()> {
        let o = u64::from(self.sizes.offsets);
        let blocks = 1u64.checked_shl(u32::try_from(above / 2).unwrap_or(u32::MAX)).unwrap_or(u64::MAX);
        let number = numbers(above, growth);
        let pages = if number > array.page { number / array.page } else { 0 };
        let bitmap = pages.div_ceil(8);
        let length = blocks.saturating_mul(o + bitmap).saturating_add(10 + o + u64::from(growth.offset));
        let bytes = self.checked(at, length, b"EASB", "a super block of an extensible array")?;
        let mut fields = self.fields(&bytes, at, "a super block of an extensible array");
        array.owns(&mut fields)?;
        fields.skip(growth.offset.into())?;
        let written = fields.take(blocks.saturating_mul(bitmap))?;
        for block in 0..blocks {
            if let Some(data) = fields.address()? {
                let own = |page| is_set(written, block.saturating_mul(bitmap).saturating_mul(8).saturating_add(page));
                self.data_block(data, above, array, growth, &own, pieces)?;
            }
        }
        Ok(())
    }

    fn data_block(
        &self,
        at: u64,
        above: u64,
        array: &Array,
        growth: &Growth,
        written: &dyn Fn(u64) -> bool,
        pieces: &mut Pieces<'_>,
    ) -> Held<()> {
        let number = numbers(above, growth);
        let head = 6 + u64::from(self.sizes.offsets) + u64::from(growth.offset);
        let own = if number > array.page { 0 } else { number };
        let length = own.saturating_mul(array.element).saturating_add(head + 4);
        let bytes = self.checked(at, length, b"EADB", "a data block of an extensible array")?;
        let mut fields = self.fields(&bytes, at, "a data block of an extensible array");
        array.owns(&mut fields)?;
        fields.skip(growth.offset.into())?;
        if own > 0 {
            return array.elements(own, &mut fields, pieces, self);
        }
        self.pages(array, at.saturating_add(length), number, written, pieces)
    }
}

/// Elements of each data block below a super block.
fn numbers(above: u64, growth: &Growth) -> u64 {
    let shift = u32::try_from(above.div_ceil(2)).unwrap_or(u32::MAX);
    growth.least.checked_shl(shift).unwrap_or(u64::MAX)
}

/// The bit of a page: from the highest bit of the first byte on.
fn is_set(bits: &[u8], index: u64) -> bool {
    let byte = usize::try_from(index / 8).ok().and_then(|byte| bits.get(byte));
    byte.is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0)
}
