//! When intake pauses: before the disk that content comes in to is full, until there is room again.
//!
//! Two marks and not one, so that a disk about a single mark does not stop and start intake with every file.

/// What a look at the free space changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There is too little: intake pauses.
    Pauses,
    /// There is enough again: intake goes on.
    GoesOn,
}

/// The two marks, and on which side of them the disk is.
#[derive(Clone, Copy, Debug)]
pub struct Watermark {
    pause_below_bytes: u64,
    resume_above_bytes: u64,
    paused: bool,
}

impl Watermark {
    /// Not paused. With a first mark of 0 it never is.
    pub fn new(pause_below_bytes: u64, resume_above_bytes: u64) -> Watermark {
        Watermark { pause_below_bytes, resume_above_bytes, paused: false }
    }

    /// Looks at the free space.
    pub fn see(&mut self, free_bytes: u64) -> Option<Turn> {
        let paused = match self.paused {
            false => free_bytes < self.pause_below_bytes,
            true => free_bytes <= self.resume_above_bytes,
        };
        if paused == self.paused {
            return None;
        }
        self.paused = paused;
        Some(if paused { Turn::Pauses } else { Turn::GoesOn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_the_marks_nothing_changes() {
        let mut mark = Watermark::new(100, 200);
        let seen = [150, 100, 99, 100, 200, 50, 201, 150, 99].map(|free| mark.see(free));
        let (pauses, goes_on) = (Some(Turn::Pauses), Some(Turn::GoesOn));
        assert_eq!(seen, [None, None, pauses, None, None, None, goes_on, None, pauses]);
        assert_eq!(Watermark::new(0, 0).see(0), None, "no mark, no pause");
    }
}
