//! What crosses the C border: texts, ids, errors, and never a panic.

use std::cell::RefCell;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Once;

/// A failure as the other side sees it.
pub type Failure = String;

#[repr(C)]
pub struct Text {
    data: *mut u8,
    size: usize,
}

#[repr(C)]
pub struct Ids {
    data: *mut i32,
    size: usize,
}

/// Leaks `items` to the other side; null when there are none.
fn give<T>(items: Vec<T>) -> (*mut T, usize) {
    if items.is_empty() {
        return (std::ptr::null_mut(), 0);
    }
    let items = Box::leak(items.into_boxed_slice());
    (items.as_mut_ptr(), items.len())
}

/// Takes back what `give` leaked.
unsafe fn take_back<T>(data: *mut T, size: usize) {
    if !data.is_null() {
        drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(
            data, size,
        )));
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        let (data, size) = give(text.into_bytes());
        Self { data, size }
    }
}

impl From<Vec<i32>> for Ids {
    fn from(ids: Vec<i32>) -> Self {
        let (data, size) = give(ids);
        Self { data, size }
    }
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_text_free(text: Text) {
    take_back(text.data, text.size);
}

#[no_mangle]
pub unsafe extern "C" fn lockstep_ids_free(ids: Ids) {
    take_back(ids.data, ids.size);
}

/// A slice from the other side; null only with size 0.
pub unsafe fn slice<'a, T>(data: *const T, size: usize) -> &'a [T] {
    if data.is_null() || size == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(data, size)
    }
}

pub fn utf8(bytes: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(bytes).map_err(|e| {
        let at = e.valid_up_to();
        format!("byte {at} (0x{:02x}) is not valid UTF-8", bytes[at])
    })
}

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `body`; a panic becomes an error text and prints nothing.
pub fn contained<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let what = info
                .payload_as_str()
                .unwrap_or("a panic without a message")
                .to_owned();
            PANIC.with(|slot| *slot.borrow_mut() = Some(what));
        }))
    });
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        let what = PANIC.with(|slot| slot.borrow_mut().take());
        Err(what.unwrap_or_default())
    })
}

/// As `contained`, on a stack large enough for whatever a model's file nests.
pub fn on_large_stack<T: Send>(
    body: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    const STACK_BYTES: usize = 256 << 20; // reserved; touched only when used
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || contained(body))
            .map_err(|e| format!("no thread could be started: {e}"))?
            .join()
            .unwrap_or_else(|_| Err("a thread ended early".to_owned()))
    })
}

/// Hands a result to the other side: the value, or null and the error's text.
pub unsafe fn boxed<T>(result: Result<T, Failure>, error: *mut Text) -> *mut T {
    match result {
        Ok(value) => Box::into_raw(Box::new(value)),
        Err(text) => {
            *error = text.into();
            std::ptr::null_mut()
        }
    }
}

/// The same for a value that is written to `out`.
pub unsafe fn written<T, U: Into<T>>(
    result: Result<U, Failure>,
    out: *mut T,
    error: *mut Text,
) -> bool {
    match result {
        Ok(value) => {
            *out = value.into();
            true
        }
        Err(text) => {
            *error = text.into();
            false
        }
    }
}

pub unsafe fn dropped<T>(handle: *mut T) {
    if !handle.is_null() {
        let _ = contained(|| {
            drop(Box::from_raw(handle));
            Ok(())
        });
    }
}
