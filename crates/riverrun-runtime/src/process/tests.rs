use super::*;

fn layouts(count: usize) -> Vec<ProcessLayout> {
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap().to_string();
    (0..count)
        .map(|index| ProcessLayout {
            listener: (index == 0).then(|| listener.clone()),
            job_id: "job".to_owned(),
            generation: 3,
            token: "secret".to_owned(),
            connect_timeout: Duration::from_secs(20),
            ..ProcessLayout::new(count, index, address.clone())
        })
        .collect()
}

/// Runs the handshake of all processes at once, each on a thread of its own.
fn meet(layouts: Vec<ProcessLayout>, parallelism: impl Fn(usize) -> usize) -> Vec<Result<Connections>> {
    let threads: Vec<_> = layouts
        .into_iter()
        .enumerate()
        .map(|(index, layout)| {
            let parallelism = parallelism(index);
            std::thread::spawn(move || connect(&layout, parallelism))
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn message(result: &Result<Connections>) -> String {
    result.as_ref().err().map(|error| error.message().to_owned()).unwrap_or_default()
}

#[test]
fn every_pair_of_processes_is_connected() {
    for count in [2, 3, 4] {
        for (index, result) in meet(layouts(count), |_| 8).into_iter().enumerate() {
            let connections = result.unwrap();
            let missing: Vec<usize> = (0..count).filter(|at| connections.data[*at].is_none()).collect();
            assert_eq!(missing, [index]);
            assert_eq!(connections.control.len(), if index == 0 { count - 1 } else { 1 });
        }
    }
}

#[test]
fn another_plan_is_refused_on_both_sides() {
    let mut layouts = layouts(2);
    layouts[1].plan_fingerprint = 1;
    for result in meet(layouts, |_| 2) {
        assert!(message(&result).contains("it runs another plan"), "{}", message(&result));
    }
}

#[test]
fn another_parallelism_is_refused_on_both_sides() {
    for result in meet(layouts(2), |index| 2 + 2 * index) {
        assert!(message(&result).contains("parallelism 4"), "{}", message(&result));
    }
}

#[test]
fn strangers_are_told_why_and_the_job_goes_on_waiting() {
    let mut list = layouts(2);
    let (second, first) = (list.pop().unwrap(), list.pop().unwrap());
    let coordinator = std::thread::spawn(move || connect(&first, 2));
    let stranger = |change: fn(&mut ProcessLayout)| {
        let mut layout = second.clone();
        change(&mut layout);
        message(&connect(&layout, 2))
    };
    assert_eq!(stranger(|layout| layout.generation = 2), "process 0 refuses process 1: this is generation 3, not 2");
    assert_eq!(
        stranger(|layout| layout.token = "guess".to_owned()),
        "process 0 refuses process 1: the token is not this job's"
    );
    assert_eq!(
        stranger(|layout| layout.job_id = "other".to_owned()),
        "process 0 refuses process 1: this is the job job, not other"
    );
    // Someone who speaks another protocol altogether.
    TcpStream::connect(&second.coordinator).unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(connect(&second, 2).is_ok());
    assert!(coordinator.join().unwrap().is_ok());
}

#[test]
fn a_process_that_does_not_come_is_named() {
    let mut layout = layouts(3).swap_remove(0);
    layout.connect_timeout = Duration::from_millis(50);
    assert_eq!(message(&connect(&layout, 3)), "process 1 has not joined the job within 0.05 s");
}
