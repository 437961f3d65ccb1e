//! The few functions of geometry that are small: on a sphere of the Earth's mean radius, as the engine's results show.
//! The others are refused by name. Places are longitude and latitude in degrees, shapes are GeoJSON.

use super::call::Call;
use super::{BOOL, DYNAMIC, Function, Naming, REAL, STRING, dynamic, number, optional, text};
use crate::value::{Bag, Value, compare};
use libm::{atan2, cos, hypot, sin};
use std::rc::Rc;

const NONE: Naming = Naming::None;

/// In metres.
const EARTH_RADIUS: f64 = 6_371_010.0;

/// The family.
pub static FUNCTIONS: &[Function] = &[
    function!("geo_azimuth"(number("p1_longitude"), number("p1_latitude"), number("p2_longitude"), number("p2_latitude"))
            -> REAL, NONE, "Returns the direction from one point to another in radians, clockwise from north.",
        [("round(geo_azimuth(5, 10, 10, -40), 9)", "3.054599398")], azimuth),
    function!("geo_distance_2points"(number("p1_longitude"), number("p1_latitude"), number("p2_longitude"),
        number("p2_latitude")) -> REAL, NONE, "Returns the shortest distance between two points in metres.",
    [("round(geo_distance_2points(-122.407628, 47.578557, -118.275287, 34.019056), 3)", "1546754.352")],
    |c| match (point(c, 0), point(c, 2)) {
        (Some(a), Some(b)) => Value::Real(angle(a, b) * EARTH_RADIUS),
        _ => Value::Null,
    }),
    function!("geo_geohash_to_central_point"(text("geohash")) -> DYNAMIC, NONE, "Returns the centre of a geohash's cell.",
    [("geo_geohash_to_central_point('sunny').coordinates[1]", "23.70849609375")],
    |c| cell(&c.text(0)).map_or(Value::Null, |[west, east, south, north]| {
        geo_point((west + east) / 2.0, (south + north) / 2.0)
    })),
    function!("geo_line_centroid"(dynamic("lineString")) -> DYNAMIC, NONE, "Returns the centroid of a line.",
    [("geo_line_centroid(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [2, 0]]})).coordinates[1]", "0")],
    |c| lines(c.arg(0)).map_or(Value::Null, |lines| place(lines.iter().flat_map(|l| steps(l)).fold([0.0; 3], |sum, (a, b)| {
        // A step's mass is its length: that of the chord, in the middle's direction.
        let middle = unit(add(a, b));
        add(sum, scale(middle, 2.0 * sin(angle(a, b) / 2.0)))
    })))),
    function!("geo_line_interpolate_point"(dynamic("lineString"), number("fraction")) -> DYNAMIC, NONE,
        "Returns the point at a fraction, 0 to 1, of a line's length.",
        [("geo_line_interpolate_point(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [0, 2]]}), 0.5).coordinates",
          "[0.0,1.0]")], interpolate),
    function!("geo_line_length"(dynamic("lineString")) -> REAL, NONE, "Returns the length of a line in metres.",
    [("round(geo_line_length(dynamic({'type': 'LineString', 'coordinates': [[0, 0], [1, 0]]})), 3)", "111195.101")],
    |c| lines(c.arg(0)).map_or(Value::Null, |lines| {
        Value::Real(lines.iter().flat_map(|l| steps(l)).map(|(a, b)| angle(a, b)).sum::<f64>() * EARTH_RADIUS)
    })),
    function!("geo_point_in_circle"(number("p_longitude"), number("p_latitude"), number("pc_longitude"),
        number("pc_latitude"), number("c_radius")) -> BOOL, NONE,
    "Returns whether a point lies in a circle with the given centre and radius in metres.", [("geo_point_in_circle(0, 0, 1, 0, 112000)", "true")],
    |c| match (point(c, 0), point(c, 2), c.real(4)) {
        (Some(a), Some(b), Some(radius)) if radius >= 0.0 => Value::Bool(angle(a, b) * EARTH_RADIUS <= radius),
        _ => Value::Null,
    }),
    function!("geo_point_to_geohash"(number("longitude"), number("latitude"), optional(number("accuracy"))) -> STRING, NONE,
        "Returns the geohash of a point, 1 to 18 characters long (default 5). Returns the empty string for an invalid point.",
        [("geo_point_to_geohash(-80.195829, 25.802215, 8)", "dhwfz15h")], geohash),
    function!("geo_polygon_centroid"(dynamic("polygon")) -> DYNAMIC, NONE,
        "Returns the centroid of a polygon. Returns null for polygons with holes and for multipolygons.",
        [("round(toreal(geo_polygon_centroid(dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]})).coordinates[0]), 6)",
          "1")], polygon_centroid),
];

/// A direction from the Earth's middle.
type Vector = [f64; 3];

fn direction(longitude: f64, latitude: f64) -> Option<Vector> {
    if !(-180.0..=180.0).contains(&longitude) || !(-90.0..=90.0).contains(&latitude) {
        return None;
    }
    let (l, p) = (longitude.to_radians(), latitude.to_radians());
    Some([cos(p) * cos(l), cos(p) * sin(l), sin(p)])
}

fn point(c: &Call, i: usize) -> Option<Vector> {
    direction(c.real(i)?, c.real(i + 1)?)
}

fn add([a, b, c]: Vector, [x, y, z]: Vector) -> Vector {
    [a + x, b + y, c + z]
}

fn scale([a, b, c]: Vector, by: f64) -> Vector {
    [a * by, b * by, c * by]
}

fn length([a, b, c]: Vector) -> f64 {
    (a * a + b * b + c * c).sqrt()
}

fn unit(v: Vector) -> Vector {
    scale(v, 1.0 / length(v))
}

fn cross([a0, a1, a2]: Vector, [b0, b1, b2]: Vector) -> Vector {
    [a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0]
}

fn angle(a: Vector, b: Vector) -> f64 {
    let ([a0, a1, a2], [b0, b1, b2]) = (a, b);
    atan2(length(cross(a, b)), a0 * b0 + a1 * b1 + a2 * b2)
}

/// The place a direction points to; null for none.
fn place([x, y, z]: Vector) -> Value {
    let (longitude, latitude) = (atan2(y, x).to_degrees(), atan2(z, hypot(x, y)).to_degrees());
    if length([x, y, z]) > 0.0 { geo_point(longitude, latitude) } else { Value::Null }
}

fn geo_point(longitude: f64, latitude: f64) -> Value {
    let coordinates = Value::array(vec![Value::Real(longitude), Value::Real(latitude)]);
    let pairs = vec![(Rc::from("type"), Value::text("Point")), (Rc::from("coordinates"), coordinates)];
    Value::bag(Bag::from_distinct(pairs))
}

/// The directions of an array of places. `None` if one is none.
fn corners(line: &Value) -> Option<Vec<Vector>> {
    let corner = |p: &Value| match p.as_array()? {
        [longitude, latitude, ..] => direction(compare::real(longitude)?, compare::real(latitude)?),
        _ => None,
    };
    line.as_array()?.iter().map(corner).collect::<Option<Vec<_>>>()
}

/// The lines of a GeoJSON LineString or MultiLineString, each of at least two points.
fn lines(shape: &Value) -> Option<Vec<Vec<Vector>>> {
    let bag = shape.as_bag()?;
    let coordinates = bag.get("coordinates")?;
    let of = |line: &Value| corners(line).filter(|l| l.len() > 1);
    match bag.get("type")?.as_str()? {
        "LineString" => Some(vec![of(coordinates)?]),
        "MultiLineString" => coordinates.as_array()?.iter().map(of).collect::<Option<Vec<_>>>(),
        _ => None,
    }
}

fn steps(line: &[Vector]) -> impl Iterator<Item = (Vector, Vector)> {
    line.iter().copied().zip(line.iter().copied().skip(1))
}

fn azimuth(c: &Call) -> Value {
    let degrees: Option<Vec<f64>> = (0..4).map(|i| c.real(i)).collect();
    let (Some(&[l1, p1, l2, p2]), Some(a), Some(b)) = (degrees.as_deref(), point(c, 0), point(c, 2)) else {
        return Value::Null;
    };
    if a == b {
        return Value::Null;
    }
    let (p1, p2, d) = (p1.to_radians(), p2.to_radians(), (l2 - l1).to_radians());
    let angle = atan2(sin(d) * cos(p2), cos(p1) * sin(p2) - sin(p1) * cos(p2) * cos(d));
    Value::Real(angle.rem_euclid(std::f64::consts::TAU))
}

fn interpolate(c: &Call) -> Value {
    let (Some(lines), Some(fraction)) = (lines(c.arg(0)), c.real(1).filter(|f| (0.0..=1.0).contains(f)))
    else {
        return Value::Null;
    };
    let [line] = lines.as_slice() else { return Value::Null };
    let mut left = steps(line).map(|(a, b)| angle(a, b)).sum::<f64>() * fraction;
    for (a, b) in steps(line) {
        let way = angle(a, b);
        if left <= way && way > 0.0 {
            return place(add(scale(a, sin(way - left) / sin(way)), scale(b, sin(left) / sin(way))));
        }
        left -= way;
    }
    line.last().map_or(Value::Null, |last| place(*last))
}

/// The mass of a region of the sphere is the sum, over its edges, of their normals by half their angles.
fn polygon_centroid(c: &Call) -> Value {
    let rings = || -> Option<Vec<Vec<Vector>>> {
        let bag = c.arg(0).as_bag().filter(|b| b.get("type").and_then(Value::as_str) == Some("Polygon"))?;
        bag.get("coordinates")?.as_array()?.iter().map(corners).collect::<Option<Vec<_>>>()
    };
    let Some(ring) = rings().and_then(|mut r| r.pop().filter(|ring| r.is_empty() && ring.len() > 3)) else {
        return Value::Null;
    };
    let sum = steps(&ring)
        .filter(|(a, b)| angle(*a, *b) > 0.0)
        .fold([0.0; 3], |sum, (a, b)| add(sum, scale(unit(cross(a, b)), angle(a, b) / 2.0)));
    // Drawn the other way round, the sum points to the other side of the Earth.
    let middle = ring.iter().copied().fold([0.0; 3], add);
    let [same_x, same_y, same_z] =
        [0, 1, 2].map(|i| sum.get(i).zip(middle.get(i)).map_or(0.0, |(a, b)| a * b));
    place(if same_x + same_y + same_z < 0.0 { scale(sum, -1.0) } else { sum })
}

const BASE32: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

fn geohash(c: &Call) -> Value {
    let accuracy = if c.has(2) { c.integer(2).unwrap_or(0) } else { 5 };
    let (Some(_), Some(x), Some(y)) = (point(c, 0), c.real(0), c.real(1)) else { return c.missing() };
    if !(1..=18).contains(&accuracy) {
        return c.missing();
    }
    let mut ranges = [(-180.0, 180.0), (-90.0, 90.0)];
    let mut out = String::new();
    for n in 0..accuracy {
        let mut index = 0;
        for bit in 0..5 {
            let upright = (n * 5 + bit) % 2 == 1;
            let [across, up] = &mut ranges;
            let (range, at) = if upright { (up, y) } else { (across, x) };
            let middle = (range.0 + range.1) / 2.0;
            index = index * 2 + usize::from(at >= middle);
            if at >= middle { range.0 = middle } else { range.1 = middle }
        }
        out.push(char::from(BASE32.get(index).copied().unwrap_or(b'0')));
    }
    Value::from(out)
}

/// West, east, south and north of a geohash's cell.
fn cell(hash: &str) -> Option<[f64; 4]> {
    if hash.is_empty() || hash.len() > 18 {
        return None;
    }
    let (mut west, mut east, mut south, mut north) = (-180.0, 180.0, -90.0, 90.0);
    let mut upright = false;
    for letter in hash.bytes() {
        let index = BASE32.iter().position(|b| *b == letter.to_ascii_lowercase())?;
        for bit in (0..5).rev() {
            let (low, high) = if upright { (&mut south, &mut north) } else { (&mut west, &mut east) };
            let middle: f64 = (*low + *high) / 2.0;
            if index >> bit & 1 == 1 {
                *low = middle
            } else {
                *high = middle
            }
            upright = !upright;
        }
    }
    Some([west, east, south, north])
}
