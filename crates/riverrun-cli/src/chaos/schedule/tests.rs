use super::*;

fn menu(words: &[&str], connections: bool, matrix: bool) -> Result<Menu> {
    Menu::read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), connections, matrix)
}

fn expected() -> Duration {
    Duration::from_secs(2)
}

#[test]
fn a_seed_chooses_the_same_faults_again_and_another_one_others() {
    let menu = menu(&[], true, false).unwrap();
    let chosen = menu.choose(42, 6, 2, expected());
    assert_eq!(chosen, menu.choose(42, 6, 2, expected()));
    assert_ne!(chosen, menu.choose(43, 6, 2, expected()));
    assert!(chosen.faults.len() + chosen.kills.len() >= 4, "{chosen:?}");
}

#[test]
fn faults_are_chosen_from_what_was_asked_for() {
    let only = menu(&["kill", "barrier", "token"], true, false).unwrap().choose(1, 20, 1, expected());
    assert!(only.kills.is_empty());
    assert!(
        only.faults.iter().all(|fault| fault.kind == FaultKind::Kill && ["barrier", "token"].contains(&&*fault.point))
    );
    let moments = menu(&["kill@moment"], true, false).unwrap().choose(1, 3, 2, expected());
    assert_eq!((moments.kills.len(), moments.faults.len()), (3, 0));
    assert!(moments.kills.iter().all(|kill| kill.after < expected() && kill.process < 2));
    let one = menu(&["kill@token:3"], true, false).unwrap().choose(7, 4, 1, expected());
    assert_eq!(one.faults, [Fault::new(FaultKind::Kill, "token", 3)]);
}

#[test]
fn files_know_no_tokens_and_no_connections() {
    let cells = menu(&[], false, true).unwrap().cells(&[1]);
    assert!(cells.iter().all(|fault| !["token", "fence"].contains(&&*fault.point)));
    assert!(cells.iter().all(|fault| fault.kind != FaultKind::Disconnect));
    let error = menu(&["disconnect"], false, false).unwrap_err();
    assert_eq!(error.message(), "none of these faults can strike this pipeline");
}

#[test]
fn the_matrix_has_every_kind_at_every_point_and_hit() {
    let cells = menu(&[], true, true).unwrap().cells(&[1, 2, 5]);
    let points = POINTS.iter().filter(|point| !matches!(point.phase, Phase::Savepoint | Phase::Tier)).count();
    assert_eq!(cells.len(), points * 4 * 3);
}

#[test]
fn a_restore_comes_after_crashes() {
    let crashes = |text: &str| crashes_before(&Fault::parse(text).unwrap()).len();
    assert_eq!((crashes("kill@restore:1"), crashes("kill@source-restore:5"), crashes("kill@barrier:5")), (1, 5, 0));
}

#[test]
fn where_only_faults_of_a_restore_are_chosen_a_process_is_killed_before() {
    let restores = menu(&["restore", "source-restore", "error", "kill"], true, false).unwrap();
    let mixed = menu(&["kill@barrier", "kill@restore"], true, false).unwrap();
    for seed in 0..20 {
        let chosen = restores.choose(seed, 3, 2, expected());
        assert_eq!(chosen.kills.len(), 1, "{chosen:?}");
        assert!(chosen.kills[0].process < 2 && chosen.kills[0].after < expected(), "{chosen:?}");
        let chosen = mixed.choose(seed, 3, 2, expected());
        let crashes = chosen.faults.iter().any(|fault| fault.point == "barrier");
        assert_eq!(chosen.kills.is_empty(), crashes, "{chosen:?}");
    }
}

#[test]
fn a_fault_that_does_not_exist_is_refused_with_the_nearest() {
    let error = menu(&["kil"], true, false).unwrap_err();
    assert_eq!((error.message(), error.hint_text()), ("there is no fault 'kil'", Some("did you mean `kill`?")));
    let error = menu(&["xyzzy"], true, false).unwrap_err();
    assert!(error.hint_text().unwrap().ends_with("failpoints: riverrun chaos --list"));
}
