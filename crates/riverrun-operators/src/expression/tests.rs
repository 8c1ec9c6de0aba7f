use super::*;

#[test]
fn an_error_of_ours_comes_through_unchanged() {
    let own = Error::failure("division by zero").hint("test the divisor");
    let wrapped = DataFusionError::External(Box::new(own)).context("while computing a column");
    let error = from_datafusion(wrapped);
    assert_eq!((error.message(), error.hint_text()), ("division by zero", Some("test the divisor")));
}

#[test]
fn an_error_of_datafusion_is_a_failure_of_the_job() {
    let error = from_datafusion(DataFusionError::Execution("no".to_owned()));
    assert_eq!(error.kind(), riverrun_core::ErrorKind::Failure);
}
