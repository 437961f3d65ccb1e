//! The scalar grammar, by precedence: or, and, equality, relation, sum, product, text operators, sign, path.
//! Source: Microsoft's published grammar; text operators bind tighter than `*`.

use super::{MAX_CHAIN, MAX_DEEP_CHAIN, Parsed, Parser, SHALLOW, Skip};
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::ast::{Argument, BinaryOp, Expr, ExprKind, ListOp, Name, Named, TEXT_OPS};
use crate::syntax::lex::{LiteralValue, Token};
use crate::syntax::reserved::Place;
use crate::value::{Bag, Type, Value};
use std::rc::Rc;

fn boxed(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, span }
}

impl Parser {
    /// `name = expr`, `(a, b) = expr` or `expr`.
    pub(super) fn named(&mut self) -> Parsed<Named> {
        let tuple = self.is("(");
        if let Some(names) = self.assigned_names()? {
            let value = self.scalar()?;
            return Ok(Named { names, tuple, value });
        }
        Ok(Named { names: Vec::new(), tuple: false, value: self.scalar()? })
    }

    /// The names before an `=`, if an assignment starts here.
    fn assigned_names(&mut self) -> Parsed<Option<Vec<Name>>> {
        let width = self.name_width(0);
        if width > 0 && self.peek_is(width, "=") {
            let name = self.name(Place::Column)?;
            self.expect("=")?;
            return Ok(Some(vec![name]));
        }
        if self.is("(") {
            // `(a, b) = …`: only names and commas up to `)` and `=`.
            let mut ahead = 1;
            while matches!(self.peek(ahead), Token::Name(_) | Token::Text(_) | Token::Mark("," | "[" | "]")) {
                ahead += 1;
            }
            if ahead > 1 && self.peek_is(ahead, ")") && self.peek_is(ahead + 1, "=") {
                self.expect("(")?;
                let names = self.list_until(")", |p| p.name(Place::Column))?;
                self.expect("=")?;
                return Ok(Some(names));
            }
        }
        Ok(None)
    }

    /// A scalar expression.
    pub(super) fn scalar(&mut self) -> Parsed<Expr> {
        self.deeper(Self::or)
    }

    /// One condition, without the `and` and `or` around it.
    pub(super) fn condition(&mut self) -> Parsed<Expr> {
        self.equality()
    }

    fn or(&mut self) -> Parsed<Expr> {
        self.chain("or", Self::and, ExprKind::Or)
    }

    fn and(&mut self) -> Parsed<Expr> {
        self.chain("and", Self::equality, ExprKind::And)
    }

    fn chain(
        &mut self,
        word: &str,
        operand: fn(&mut Self) -> Parsed<Expr>,
        make: fn(Vec<Expr>) -> ExprKind,
    ) -> Parsed<Expr> {
        let first = operand(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let start = first.span;
        let mut operands = vec![first];
        while self.eat_word(word) {
            operands.push(operand(self)?);
        }
        Ok(boxed(make(operands), start.to(self.last_span())))
    }

    fn equality(&mut self) -> Parsed<Expr> {
        let left = self.relation()?;
        let start = left.span;
        for (mark, op) in [("==", BinaryOp::Equal), ("!=", BinaryOp::NotEqual), ("<>", BinaryOp::NotEqual)] {
            if self.is(mark) {
                return self.binary(left, op, 1, Self::relation);
            }
        }
        if self.is("=") && !matches!(self.peek(1), Token::End) {
            let span = self.span();
            let d = Diagnostic::error("KS141", "The expression must have the type bool.", start.to(span))
                .with_hint("compare with ==");
            self.report(d);
            self.advance();
            let right = self.relation()?;
            return Ok(boxed(ExprKind::Error, start.to(right.span)));
        }
        let bang = usize::from(self.is("!") && self.touches(1));
        if self.peek_word(bang, "between") {
            self.at += bang + 1;
            self.expect("(")?;
            let low = self.relation()?;
            self.expect("..")?;
            let high = self.relation()?;
            self.expect(")")?;
            let kind = ExprKind::Between(bang == 1, Box::new(left), Box::new(low), Box::new(high));
            return Ok(boxed(kind, start.to(self.last_span())));
        }
        let list_op = match self.peek(bang) {
            Token::Name(w) if w == "in" => {
                let insensitive = self.peek_is(bang + 1, "~") && self.touches(bang + 1);
                Some((
                    ListOp::In { case_sensitive: !insensitive, negated: bang == 1 },
                    usize::from(insensitive),
                ))
            }
            Token::Name(w) if w == "has_any" && bang == 0 => Some((ListOp::HasAny, 0)),
            Token::Name(w) if w == "has_all" && bang == 0 => Some((ListOp::HasAll, 0)),
            _ => None,
        };
        if let Some((op, extra)) = list_op {
            let op_start = self.span();
            self.at += bang + extra;
            let op_span = op_start.to(self.span());
            self.advance();
            self.expect("(")?;
            let items = if self.is(")") {
                return self.missing_expression();
            } else {
                self.list_until(")", Self::pipe)?
            };
            return Ok(boxed(ExprKind::List(op, op_span, Box::new(left), items), start.to(self.last_span())));
        }
        Ok(left)
    }

    fn relation(&mut self) -> Parsed<Expr> {
        let left = self.sum()?;
        for (mark, op) in [
            ("<=", BinaryOp::LessOrEqual),
            (">=", BinaryOp::GreaterOrEqual),
            ("<", BinaryOp::Less),
            (">", BinaryOp::Greater),
        ] {
            if self.is(mark) {
                return self.binary(left, op, 1, Self::sum);
            }
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed<Expr> {
        self.left_chain(&[("+", BinaryOp::Add), ("-", BinaryOp::Subtract)], Self::product)
    }

    fn product(&mut self) -> Parsed<Expr> {
        let ops = [("*", BinaryOp::Multiply), ("/", BinaryOp::Divide), ("%", BinaryOp::Modulo)];
        self.left_chain(&ops, Self::text_operators)
    }

    fn left_chain(
        &mut self,
        ops: &[(&str, BinaryOp)],
        operand: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        let mut left = operand(self)?;
        let mut length = 0;
        while let Some((_, op)) = ops.iter().find(|(mark, _)| self.is(mark)) {
            self.count_chain(&mut length)?;
            left = self.binary(left, *op, 1, operand)?;
        }
        Ok(left)
    }

    fn count_chain(&mut self, length: &mut usize) -> Parsed<()> {
        *length += 1;
        // A chain makes the tree as deep as it is long, and chains can stand in chains.
        let most = if self.depth <= SHALLOW { MAX_CHAIN } else { MAX_DEEP_CHAIN };
        if *length <= most {
            return Ok(());
        }
        let message = format!("The expression chains more than {most} operators.");
        let d = Diagnostic::error("FP002", message, self.span())
            .with_hint("use parentheses or let statements to split it");
        self.report(d);
        Err(Skip)
    }

    /// The operator is `width` tokens wide and stands here.
    fn binary(
        &mut self,
        left: Expr,
        op: BinaryOp,
        width: usize,
        operand: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        let start = self.span();
        self.at += width - 1;
        let op_span = start.to(self.span());
        self.advance();
        let right = operand(self)?;
        let span = left.span.to(right.span);
        Ok(boxed(ExprKind::Binary(op, op_span, Box::new(left), Box::new(right)), span))
    }

    fn text_operators(&mut self) -> Parsed<Expr> {
        let mut left = self.sign()?;
        let mut length = 0;
        while let Some((op, width)) = self.text_operator() {
            self.count_chain(&mut length)?;
            left = self.binary(left, op, width, Self::sign)?;
        }
        Ok(left)
    }

    /// The text operator that stands here and how many tokens it is.
    fn text_operator(&self) -> Option<(BinaryOp, usize)> {
        let find = |name: &str| TEXT_OPS.iter().find(|op| op.name == name).map(BinaryOp::Text);
        match self.token() {
            Token::Mark(m @ ("=~" | "!~")) => find(m).map(|op| (op, 1)),
            Token::Mark("!") if self.touches(1) => match self.peek(1) {
                Token::Name(word) => find(&format!("!{word}")).map(|op| (op, 2)),
                _ => None,
            },
            Token::Name(word) if word == "matches" && self.peek_word(1, "regex") => {
                find("matches regex").map(|op| (op, 2))
            }
            Token::Name(word) => find(word).map(|op| (op, 1)),
            _ => None,
        }
    }

    fn sign(&mut self) -> Parsed<Expr> {
        let start = self.span();
        for (mark, negative) in [("-", true), ("+", false)] {
            if self.eat(mark) {
                let operand = self.deeper(Self::sign)?;
                let span = start.to(operand.span);
                return Ok(match operand.kind {
                    ExprKind::Literal(ty, value) if negative => match negate(ty, &value) {
                        Some(value) => boxed(ExprKind::Literal(ty, value), span),
                        None => boxed(
                            ExprKind::Sign(true, Box::new(boxed(ExprKind::Literal(ty, value), span))),
                            span,
                        ),
                    },
                    kind @ ExprKind::Literal(..) => boxed(kind, span),
                    kind => boxed(ExprKind::Sign(negative, Box::new(boxed(kind, operand.span))), span),
                });
            }
        }
        self.path()
    }

    /// `a.b[0]['c'].d(…)`
    fn path(&mut self) -> Parsed<Expr> {
        let mut left = self.primary()?;
        let mut length = 0;
        loop {
            let start = left.span;
            if self.is(".") {
                self.count_chain(&mut length)?;
                self.advance();
                if self.is("[") {
                    left = self.subscript(left)?;
                    continue;
                }
                let name = self.name(Place::Read)?;
                if self.is("(") {
                    // database("d").Table and functions of it: nothing here is remote.
                    let d = Diagnostic::error(
                        "FP011",
                        "Functions of another database or cluster are not supported.",
                        start.to(name.span),
                    );
                    self.report(d);
                    return Err(Skip);
                }
                let span = start.to(name.span);
                left = boxed(ExprKind::Member(Box::new(left), name), span);
            } else if self.is("[") {
                self.count_chain(&mut length)?;
                left = self.subscript(left)?;
            } else {
                return Ok(left);
            }
        }
    }

    fn subscript(&mut self, left: Expr) -> Parsed<Expr> {
        let start = left.span;
        self.expect("[")?;
        if let (Token::Text(text), true) = (self.token().clone(), self.peek_is(1, "]")) {
            let name = Name { text: Rc::from(text), span: self.span() };
            self.advance();
            self.expect("]")?;
            let span = start.to(self.last_span());
            return Ok(boxed(ExprKind::Member(Box::new(left), name), span));
        }
        let index = self.scalar()?;
        self.expect("]")?;
        let span = start.to(self.last_span());
        Ok(boxed(ExprKind::Index(Box::new(left), Box::new(index)), span))
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let start = self.span();
        match self.token().clone() {
            Token::Literal(ty, LiteralValue(value)) => {
                self.advance();
                let value = self.fitting(ty, value, start);
                Ok(boxed(ExprKind::Literal(ty, value), start))
            }
            Token::Text(text) => {
                let mut text = text;
                self.advance();
                // Adjacent literals are one.
                while let Token::Text(more) = self.token() {
                    text.push_str(more);
                    self.advance();
                }
                Ok(boxed(ExprKind::Literal(Type::String, Value::text(&text)), start.to(self.last_span())))
            }
            Token::Mark("*") => {
                self.advance();
                Ok(boxed(ExprKind::Star, start))
            }
            Token::Mark("(") => {
                self.advance();
                let inner = self.deeper(Self::pipe)?;
                self.expect(")")?;
                Ok(boxed(inner.kind, start.to(self.last_span())))
            }
            Token::Mark("[") if matches!(self.peek(1), Token::Text(_)) => {
                let name = self.word()?;
                Ok(boxed(ExprKind::Name(name.text), name.span))
            }
            Token::Name(word) if word == "dynamic" && self.peek_is(1, "(") => {
                self.advance();
                self.advance();
                let value = self.deeper(Self::dynamic_value)?;
                self.expect(")")?;
                Ok(boxed(ExprKind::Literal(Type::Dynamic, value), start.to(self.last_span())))
            }
            Token::Name(word) if word == "typeof" && self.peek_is(1, "(") => {
                self.advance();
                self.advance();
                let types = self.list_until(")", |p| {
                    if p.is("*") {
                        let span = p.span();
                        p.advance();
                        return Ok((None, Name { text: Rc::from("*"), span }));
                    }
                    let first = p.word()?;
                    if p.eat(":") { Ok((Some(first), p.word()?)) } else { Ok((None, first)) }
                })?;
                Ok(boxed(ExprKind::TypeOf(types), start.to(self.last_span())))
            }
            // A word that ends what stands before it.
            Token::Name(word) if word == "by" => self.missing_expression(),
            Token::Name(_) => {
                if !self.peek_is(1, "(") {
                    let name = self.name(Place::Read)?;
                    return Ok(boxed(ExprKind::Name(name.text), name.span));
                }
                let name = self.word()?;
                self.advance();
                let arguments = self.deeper(|p| p.list_until(")", Self::argument))?;
                Ok(boxed(ExprKind::Call(name, arguments), start.to(self.last_span())))
            }
            _ => self.missing_expression(),
        }
    }

    /// A value of a datatable: written out, with a sign at most. Nothing is worked out there.
    pub(super) fn row_value(&mut self) -> Parsed<Expr> {
        let start = self.span();
        if self.is("-")
            && let Token::Literal(Type::Long, LiteralValue(value @ Value::Decimal(_))) = self.peek(1).clone()
        {
            self.advance();
            self.advance();
            let value = negate(Type::Long, &value).unwrap_or_default();
            return Ok(boxed(ExprKind::Literal(Type::Long, value), start.to(self.last_span())));
        }
        let parenthesis = self.is("(");
        let value = self.scalar()?;
        if parenthesis || !matches!(value.kind, ExprKind::Literal(..) | ExprKind::Error) {
            let d = Diagnostic::error("KS005", "Expected: a literal value", value.span);
            self.report(d.with_hint("a datatable holds literals; compute its columns with extend"));
        }
        Ok(value)
    }

    /// The value of a literal that stands without a minus sign; an error if it fits only with one.
    fn fitting(&mut self, ty: Type, value: Value, span: Span) -> Value {
        if ty == Type::Long && matches!(value, Value::Decimal(_)) {
            self.report(Diagnostic::error("KS008", "The number does not fit its type.", span));
            return Value::Null;
        }
        value
    }

    fn argument(&mut self) -> Parsed<Argument> {
        let width = self.name_width(0);
        let name = if width > 0 && self.peek_is(width, "=") {
            let name = self.name(Place::Column)?;
            self.advance();
            Some(name)
        } else {
            None
        };
        Ok(Argument { name, value: self.pipe()? })
    }

    /// What stands in `dynamic(…)`: JSON, with KQL's strings and typed literals as values.
    fn dynamic_value(&mut self) -> Parsed<Value> {
        let start = self.span();
        match self.token().clone() {
            Token::Literal(ty, LiteralValue(value)) => {
                self.advance();
                Ok(self.fitting(ty, value, start))
            }
            Token::Text(text) => {
                self.advance();
                Ok(Value::text(&text))
            }
            Token::Name(word) if word == "null" => {
                self.advance();
                Ok(Value::Null)
            }
            Token::Name(word) if word == "dynamic" && self.peek_is(1, "(") => {
                self.advance();
                self.advance();
                let value = self.deeper(Self::dynamic_value)?;
                self.expect(")")?;
                Ok(value)
            }
            Token::Mark(mark @ ("-" | "+")) => {
                self.advance();
                match self.token().clone() {
                    Token::Literal(ty, LiteralValue(value)) => {
                        self.advance();
                        if mark == "-" {
                            return Ok(negate(ty, &value).unwrap_or(value));
                        }
                        Ok(self.fitting(ty, value, start))
                    }
                    _ => self.expected("a number"),
                }
            }
            Token::Mark("[") => {
                self.advance();
                let items = self.list_until("]", |p| p.deeper(Self::dynamic_value))?;
                Ok(Value::array(items))
            }
            Token::Mark("{") => {
                self.advance();
                let mut bag = Bag::new();
                let pairs = self.list_until("}", |p| {
                    let key = match p.token().clone() {
                        Token::Text(text) => text,
                        _ => return p.expected("a property name"),
                    };
                    p.advance();
                    p.expect(":")?;
                    Ok((key, p.deeper(Self::dynamic_value)?))
                })?;
                for (key, value) in pairs {
                    bag.insert(Rc::from(key), value);
                }
                Ok(Value::bag(bag))
            }
            _ => {
                let d = Diagnostic::error("KS005", "Expected: a JSON value", start);
                self.report(d);
                Err(Skip)
            }
        }
    }
}

/// The negative of a number literal.
fn negate(ty: Type, value: &Value) -> Option<Value> {
    Some(match value {
        Value::Decimal(_) if ty == Type::Long => Value::Long(i64::MIN),
        Value::Int(n) => Value::Int(n.checked_neg()?),
        Value::Long(n) => Value::Long(n.checked_neg()?),
        Value::Real(r) => Value::Real(-r),
        Value::Decimal(d) => Value::Decimal(-d),
        Value::Timespan(t) => Value::Timespan(t.checked_neg()?),
        _ => return None,
    })
}
