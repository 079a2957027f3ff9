//! One thread at a time: a node runs until it pauses at a seam, then the scheduler says who goes on. So a run is decided
//! by its seed alone, whatever the machine does.

use super::dice_support::Dice;
use std::sync::{Condvar, Mutex};

/// Who may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Scheduler,
    Node(usize),
}

/// Hands the turn from the scheduler to a node and back.
pub(crate) struct Baton {
    turn: Mutex<Turn>,
    scheduler: Condvar,
    /// One each, so that a turn wakes only who has it.
    nodes: Vec<Condvar>,
}

impl Baton {
    pub(crate) fn new(nodes: usize) -> Baton {
        let nodes = (0..nodes).map(|_| Condvar::new()).collect();
        Baton { turn: Mutex::new(Turn::Scheduler), scheduler: Condvar::new(), nodes }
    }

    /// The scheduler lets a node run until it pauses or ends.
    pub(crate) fn run(&self, node: usize) {
        let mut turn = self.turn.lock().unwrap();
        *turn = Turn::Node(node);
        self.nodes[node].notify_all();
        while *turn != Turn::Scheduler {
            turn = self.scheduler.wait(turn).unwrap();
        }
    }

    /// A node waits for its turn.
    pub(crate) fn wait(&self, node: usize) {
        let mut turn = self.turn.lock().unwrap();
        while *turn != Turn::Node(node) {
            turn = self.nodes[node].wait(turn).unwrap();
        }
    }

    /// A node pauses: the scheduler goes on, and later this node.
    pub(crate) fn pause(&self, node: usize) {
        self.end();
        self.wait(node);
    }

    /// A node has ended its life, or its turn.
    pub(crate) fn end(&self) {
        *self.turn.lock().unwrap() = Turn::Scheduler;
        self.scheduler.notify_one();
    }
}

/// What a run's seed decides: seeds that follow each other have nothing in common.
pub(crate) fn dice(seed: u64) -> Dice {
    Dice::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x1234_5678))
}
