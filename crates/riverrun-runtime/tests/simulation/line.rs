//! What two processes of a simulated job tell each other by. A message arrives when its listener gets a turn.

use riverrun_runtime::turns::{Heard, Line};
use std::collections::VecDeque;
use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct SimulatedLine(Mutex<(VecDeque<Vec<u8>>, bool)>);

impl Line for SimulatedLine {
    fn send(&self, message: Vec<u8>) {
        let mut line = self.0.lock().unwrap();
        if !line.1 {
            line.0.push_back(message);
        }
    }

    fn hear(&self) -> Heard {
        let mut line = self.0.lock().unwrap();
        match line.0.pop_front() {
            Some(message) => Heard::Message(message),
            None if line.1 => Heard::Closed,
            None => Heard::Nothing,
        }
    }

    fn close(&self) {
        self.0.lock().unwrap().1 = true;
    }
}
