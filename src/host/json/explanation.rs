//! Why a rule matched an event.

use super::table::write_cell;
use super::{Object, findings, write_array};
use crate::detector::explain::{ExplainedRow, ExplainedStage};
use crate::detector::{Explanation, RuleErrors};
use kql::value::{Type, datetime, json};

/// An explanation as a JSON object: `{"rule","query","findings":[…],"leaves":[{"table","stages":[{"operator","start","end",
/// "rowsIn","rows":[{"passed","steps":[{"start","end","value","type"}]}],"rowsOut","passed"}]}],"result":{"tick","rows"}}`, with
/// an `error` in the result if the query failed; of a rule that cannot run only `{"findings":[…]}`.
pub fn explanation(explanation: &Result<Explanation, RuleErrors>) -> String {
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    match explanation {
        Err(errors) => object.member("findings").push_str(&findings(&errors.findings)),
        Ok(it) => {
            object.text("rule", &it.rule);
            object.text("query", &it.query);
            object.member("findings").push_str(&findings(&it.findings));
            write_array(object.member("leaves"), &it.inputs, |out, input| {
                let mut object = Object::begin(out);
                object.text("table", &input.table);
                write_array(object.member("stages"), &input.stages, write_stage);
                object.end();
            });
            let mut result = Object::begin(object.member("result"));
            result.optional_text("tick", it.tick.map(datetime::format).as_deref());
            match &it.rows {
                Ok(rows) => result.plain("rows", rows),
                Err(error) => {
                    result.optional_text("rows", None);
                    result.text("error", &error.message);
                }
            }
            result.end();
        }
    }
    object.end();
    out
}

fn write_stage(out: &mut String, stage: &ExplainedStage) {
    let mut object = Object::begin(out);
    object.text("operator", stage.operator);
    object.plain("start", stage.span.start);
    object.plain("end", stage.span.end);
    object.plain("rowsIn", stage.rows_in);
    write_array(object.member("rows"), &stage.rows, write_row);
    object.plain("rowsOut", stage.rows_out);
    object.plain("passed", stage.passed());
    object.end();
}

fn write_row(out: &mut String, row: &ExplainedRow) {
    let mut object = Object::begin(out);
    object.plain("passed", row.passed);
    write_array(object.member("steps"), &row.steps, |out, step| {
        let mut object = Object::begin(out);
        object.plain("start", step.span.start);
        object.plain("end", step.span.end);
        write_cell(object.member("value"), &step.value, Type::Dynamic);
        json::write_string(object.member("type"), step.value.own_type().map_or("null", Type::name));
        object.end();
    });
    object.end();
}
