//! `mode` of an outlet that makes files.

use crate::outlets::own;
use fpp_codecs::source::Section;

/// Customers' data is nobody's to run, nor everybody's to write.
const MODE_MOST: u32 = 0o664;

/// `mode = "0640"`: who may read the files that an outlet makes, or write them.
pub(super) fn read(section: &Section<'_>) -> u32 {
    let Some(written) = section.text("mode") else { return own::OWN };
    match u32::from_str_radix(&written, 8) {
        Ok(mode) if mode & own::OWN == own::OWN && mode & !MODE_MOST == 0 => mode,
        _ => {
            section.fault("mode", format_args!("`{written}` is no mode from 0600 to 0664, such as \"0640\""));
            own::OWN
        }
    }
}
