//! The memory of this process is its own: it holds secrets and trades, whichever verb it runs.
//!
//! `check`, `doctor` and what opens the books read the same passwords and keys as the node does, so nothing waits for the verb.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// No core dump, whatever the system makes of crashes, and no look from outside; before any secret is read. What is run from
/// here ([notify] command) has no core dump either, but is looked at as any program.
pub(super) fn keep_to_itself() -> rustix::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // A program that the system hands crashes to is not bound by that limit.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

#[cfg(test)]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn the_process_leaves_no_dump() {
        super::keep_to_itself().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }
}
