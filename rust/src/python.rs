//! What templates expect of Python: str, repr, strftime.

use std::ffi::CString;

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use crate::guard::invalid;

/// A float as Python prints it: shortest digits that read back as the same
/// number, an exponent below 1e-4 and from 1e16 on.
pub fn float_repr(value: f64) -> String {
    if !value.is_finite() {
        return format!("{value}").to_lowercase();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') {
            plain
        } else {
            plain + ".0"
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// str() of a value that guard.rs has weighed.
pub fn text(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => {
            let mut out = String::new();
            write_repr(value, &mut out);
            out
        }
    }
}

fn write_repr(value: &Value, out: &mut String) {
    if let Some(float) = as_float(value) {
        out.push_str(&float_repr(float));
    } else if value.kind() == ValueKind::String {
        out.push_str(&format!("{value:?}"));
    } else if value.kind() == ValueKind::Map && value.as_object().is_some() {
        write_items(value, "{", "}", out, |key, out| {
            write_repr(key, out);
            out.push_str(": ");
            write_repr(&value.get_item(key).unwrap_or_default(), out);
        });
    } else if value.is_tuple() {
        let end = if value.len() == Some(1) { ",)" } else { ")" };
        write_items(value, "(", end, out, write_repr);
    } else if matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        write_items(value, "[", "]", out, write_repr);
    } else {
        out.push_str(&value.to_string());
    }
}

fn write_items(
    value: &Value,
    open: &str,
    close: &str,
    out: &mut String,
    mut write: impl FnMut(&Value, &mut String),
) {
    out.push_str(open);
    for (i, item) in value.try_iter().into_iter().flatten().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write(&item, out);
    }
    out.push_str(close);
}

/// The float in a value that is one.
pub fn as_float(value: &Value) -> Option<f64> {
    if value.kind() == ValueKind::Number && !value.is_integer() {
        f64::try_from(value.clone()).ok()
    } else {
        None
    }
}

/// The function `strftime_now`: local time by a C format.
pub fn strftime_now(format: &str) -> Result<String, Error> {
    let refuse = || invalid(format!("strftime_now cannot use the format {format:.40?}"));
    if format.is_empty() {
        return Ok(String::new());
    }
    if format.len() > 256 {
        return Err(refuse());
    }
    let c_format = CString::new(format).map_err(|_| refuse())?;
    let mut out = [0_u8; 1024];
    // SAFETY: `now` and `parts` are plain data that the calls fill in, and
    // strftime writes at most the size it is given.
    let written = unsafe {
        let now = libc::time(std::ptr::null_mut());
        let mut parts: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&now, &mut parts).is_null() {
            return Err(refuse());
        }
        libc::strftime(
            out.as_mut_ptr().cast(),
            out.len(),
            c_format.as_ptr(),
            &parts,
        )
    };
    if written == 0 {
        return Err(refuse());
    }
    Ok(String::from_utf8_lossy(&out[..written]).into_owned())
}
