//! Units of measure: `convert_length` and its kin. A unit is so many of its family's base unit. Names: Microsoft's
//! docs, which have them from the library Units.NET; sizes: the units' definitions.

use super::call::Call;
use super::{Function, Naming, REAL, number, text};
use crate::value::Value;

type Unit = (&'static str, f64);

macro_rules! convert {
    ($name:literal, $units:ident, $call:literal, $result:literal) => {
        function!($name(number("value"), text("from"), text("to")) -> REAL, Naming::None,
            "Converts a value to another unit. Returns null for an unknown unit.", [($call, $result)], |c| convert(c, $units))
    };
}

/// The family.
pub static FUNCTIONS: &[Function] = &[
    convert!("convert_angle", ANGLE, "convert_angle(1.2, 'Degree', 'Arcminute')", "72"),
    convert!("convert_energy", ENERGY, "convert_energy(1, 'KilowattHour', 'Kilojoule')", "3600"),
    convert!("convert_force", FORCE, "convert_force(2, 'Newton', 'Millinewton')", "2000"),
    convert!("convert_length", LENGTH, "convert_length(1, 'Kilometer', 'Meter')", "1000"),
    convert!("convert_mass", MASS, "convert_mass(1, 'Tonne', 'Kilogram')", "1000"),
    convert!(
        "convert_speed",
        SPEED,
        "round(convert_speed(1.2, 'MeterPerSecond', 'CentimeterPerHour'), 6)",
        "432000"
    ),
    function!("convert_temperature"(number("value"), text("from"), text("to")) -> REAL, Naming::None,
        "Converts a value to another unit. Returns null for an unknown unit.",
        [("round(convert_temperature(1.2, 'Kelvin', 'DegreeCelsius'), 6)", "-271.95")], temperature),
    convert!("convert_volume", VOLUME, "convert_volume(1, 'CubicMeter', 'Liter')", "1000"),
];

fn size(units: &[Unit], name: &str) -> Option<f64> {
    units.iter().find(|(n, _)| *n == name).map(|(_, size)| *size)
}

fn convert(c: &Call, units: &[Unit]) -> Value {
    match (c.real(0), size(units, &c.text(1)), size(units, &c.text(2))) {
        (Some(value), Some(from), Some(to)) => Value::Real(value * from / to),
        _ => Value::Null,
    }
}

/// A scale of temperature: kelvins a degree, and the kelvins at its zero.
const TEMPERATURE: &[(&str, f64, f64)] = &[
    ("DegreeCelsius", 1.0, 273.15),
    ("DegreeDelisle", -2.0 / 3.0, 373.15),
    ("DegreeFahrenheit", 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    ("DegreeNewton", 100.0 / 33.0, 273.15),
    ("DegreeRankine", 5.0 / 9.0, 0.0),
    ("DegreeReaumur", 5.0 / 4.0, 273.15),
    ("DegreeRoemer", 40.0 / 21.0, 273.15 - 7.5 * 40.0 / 21.0),
    ("Kelvin", 1.0, 0.0),
    ("MillidegreeCelsius", 1e-3, 273.15),
    ("SolarTemperature", 5778.0, 0.0),
];

fn temperature(c: &Call) -> Value {
    let scale = |i: usize| {
        let name = c.text(i);
        TEMPERATURE.iter().find(|(n, ..)| *n == name).map(|(_, size, zero)| (*size, *zero))
    };
    match (c.real(0), scale(1), scale(2)) {
        (Some(value), Some((from, from_zero)), Some((to, to_zero))) => {
            Value::Real((value * from + from_zero - to_zero) / to)
        }
        _ => Value::Null,
    }
}

const RADIAN: f64 = 180.0 / std::f64::consts::PI;

/// In degrees.
const ANGLE: &[Unit] = &[
    ("Arcminute", 1.0 / 60.0),
    ("Arcsecond", 1.0 / 3600.0),
    ("Centiradian", RADIAN * 1e-2),
    ("Deciradian", RADIAN * 1e-1),
    ("Degree", 1.0),
    ("Gradian", 0.9),
    ("Microdegree", 1e-6),
    ("Microradian", RADIAN * 1e-6),
    ("Millidegree", 1e-3),
    ("Milliradian", RADIAN * 1e-3),
    ("Nanodegree", 1e-9),
    ("Nanoradian", RADIAN * 1e-9),
    ("NatoMil", 360.0 / 6400.0),
    ("Radian", RADIAN),
    ("Revolution", 360.0),
];

const BTU: f64 = 1_055.055_852_62;
const CALORIE: f64 = 4.184;
const ELECTRON_VOLT: f64 = 1.602_176_565e-19;
const WATT_HOUR: f64 = 3600.0;
const WATT_DAY: f64 = 86_400.0;

/// In joules.
const ENERGY: &[Unit] = &[
    ("BritishThermalUnit", BTU),
    ("Calorie", CALORIE),
    ("DecathermEc", 1_055_055_852.62),
    ("DecathermImperial", 1_055_055_852.573_48),
    ("DecathermUs", 1_054_804_000.0),
    ("ElectronVolt", ELECTRON_VOLT),
    ("Erg", 1e-7),
    ("FootPound", 1.355_817_948_331_400_4),
    ("GigabritishThermalUnit", BTU * 1e9),
    ("GigaelectronVolt", ELECTRON_VOLT * 1e9),
    ("Gigajoule", 1e9),
    ("GigawattDay", WATT_DAY * 1e9),
    ("GigawattHour", WATT_HOUR * 1e9),
    ("HorsepowerHour", 2.684_519_537_696_172_7e6),
    ("Joule", 1.0),
    ("KilobritishThermalUnit", BTU * 1e3),
    ("Kilocalorie", CALORIE * 1e3),
    ("KiloelectronVolt", ELECTRON_VOLT * 1e3),
    ("Kilojoule", 1e3),
    ("KilowattDay", WATT_DAY * 1e3),
    ("KilowattHour", WATT_HOUR * 1e3),
    ("MegabritishThermalUnit", BTU * 1e6),
    ("Megacalorie", CALORIE * 1e6),
    ("MegaelectronVolt", ELECTRON_VOLT * 1e6),
    ("Megajoule", 1e6),
    ("MegawattDay", WATT_DAY * 1e6),
    ("MegawattHour", WATT_HOUR * 1e6),
    ("Millijoule", 1e-3),
    ("TeraelectronVolt", ELECTRON_VOLT * 1e12),
    ("TerawattDay", WATT_DAY * 1e12),
    ("TerawattHour", WATT_HOUR * 1e12),
    ("ThermEc", 105_505_585.262),
    ("ThermImperial", 105_505_585.257_348),
    ("ThermUs", 105_480_400.0),
    ("WattDay", WATT_DAY),
    ("WattHour", WATT_HOUR),
];

const POUND: f64 = 0.453_592_37;
const GRAVITY: f64 = 9.806_65;
const POUND_FORCE: f64 = POUND * GRAVITY;

/// In newtons.
const FORCE: &[Unit] = &[
    ("Decanewton", 10.0),
    ("Dyn", 1e-5),
    ("KiloPond", GRAVITY),
    ("KilogramForce", GRAVITY),
    ("Kilonewton", 1e3),
    ("KilopoundForce", POUND_FORCE * 1e3),
    ("Meganewton", 1e6),
    ("Micronewton", 1e-6),
    ("Millinewton", 1e-3),
    ("Newton", 1.0),
    ("OunceForce", POUND_FORCE / 16.0),
    ("PoundForce", POUND_FORCE),
    ("Poundal", POUND * 0.3048),
    ("ShortTonForce", POUND_FORCE * 2000.0),
    ("TonneForce", GRAVITY * 1e3),
];

const FOOT: f64 = 0.3048;
const INCH: f64 = 0.0254;
const MILE: f64 = 1609.344;
const SURVEY_FOOT: f64 = 1200.0 / 3937.0;
const LIGHT_YEAR: f64 = 9.460_730_472_580_8e15;
const PARSEC: f64 = 3.085_677_581_28e16;

/// In metres.
const LENGTH: &[Unit] = &[
    ("Angstrom", 1e-10),
    ("AstronomicalUnit", 1.495_978_707_00e11),
    ("Centimeter", 1e-2),
    ("Chain", 20.1168),
    ("DataMile", 1828.8),
    ("Decameter", 10.0),
    ("Decimeter", 0.1),
    ("DtpPica", INCH / 6.0),
    ("DtpPoint", INCH / 72.0),
    ("Fathom", 1.8288),
    ("Foot", FOOT),
    ("Hand", 0.1016),
    ("Hectometer", 100.0),
    ("Inch", INCH),
    ("KilolightYear", LIGHT_YEAR * 1e3),
    ("Kilometer", 1e3),
    ("Kiloparsec", PARSEC * 1e3),
    ("LightYear", LIGHT_YEAR),
    ("MegalightYear", LIGHT_YEAR * 1e6),
    ("Megaparsec", PARSEC * 1e6),
    ("Meter", 1.0),
    ("Microinch", INCH * 1e-6),
    ("Micrometer", 1e-6),
    ("Mil", INCH * 1e-3),
    ("Mile", MILE),
    ("Millimeter", 1e-3),
    ("Nanometer", 1e-9),
    ("NauticalMile", 1852.0),
    ("Parsec", PARSEC),
    ("PrinterPica", INCH / 6.022_5),
    ("PrinterPoint", INCH / 72.27),
    ("Shackle", 27.432),
    ("SolarRadius", 6.955_1e8),
    ("Twip", INCH / 1440.0),
    ("UsSurveyFoot", SURVEY_FOOT),
    ("Yard", 0.9144),
];

/// In kilograms.
const MASS: &[Unit] = &[
    ("Centigram", 1e-5),
    ("Decagram", 1e-2),
    ("Decigram", 1e-4),
    ("EarthMass", 5.972_2e24),
    ("Grain", 64.798_91e-6),
    ("Gram", 1e-3),
    ("Hectogram", 0.1),
    ("Kilogram", 1.0),
    ("Kilopound", POUND * 1e3),
    ("Kilotonne", 1e6),
    ("LongHundredweight", 50.802_345_44),
    ("LongTon", 1_016.046_908_8),
    ("Megapound", POUND * 1e6),
    ("Megatonne", 1e9),
    ("Microgram", 1e-9),
    ("Milligram", 1e-6),
    ("Nanogram", 1e-12),
    ("Ounce", POUND / 16.0),
    ("Pound", POUND),
    ("ShortHundredweight", POUND * 100.0),
    ("ShortTon", POUND * 2000.0),
    ("Slug", POUND_FORCE / FOOT),
    ("SolarMass", 1.988_47e30),
    ("Stone", POUND * 14.0),
    ("Tonne", 1e3),
];

/// In metres a second.
const SPEED: &[Unit] = &[
    ("CentimeterPerHour", 1e-2 / 3600.0),
    ("CentimeterPerMinute", 1e-2 / 60.0),
    ("CentimeterPerSecond", 1e-2),
    ("DecimeterPerMinute", 0.1 / 60.0),
    ("DecimeterPerSecond", 0.1),
    ("FootPerHour", FOOT / 3600.0),
    ("FootPerMinute", FOOT / 60.0),
    ("FootPerSecond", FOOT),
    ("InchPerHour", INCH / 3600.0),
    ("InchPerMinute", INCH / 60.0),
    ("InchPerSecond", INCH),
    ("KilometerPerHour", 1e3 / 3600.0),
    ("KilometerPerMinute", 1e3 / 60.0),
    ("KilometerPerSecond", 1e3),
    ("Knot", 1852.0 / 3600.0),
    ("MeterPerHour", 1.0 / 3600.0),
    ("MeterPerMinute", 1.0 / 60.0),
    ("MeterPerSecond", 1.0),
    ("MicrometerPerMinute", 1e-6 / 60.0),
    ("MicrometerPerSecond", 1e-6),
    ("MilePerHour", MILE / 3600.0),
    ("MillimeterPerHour", 1e-3 / 3600.0),
    ("MillimeterPerMinute", 1e-3 / 60.0),
    ("MillimeterPerSecond", 1e-3),
    ("NanometerPerMinute", 1e-9 / 60.0),
    ("NanometerPerSecond", 1e-9),
    ("UsSurveyFootPerHour", SURVEY_FOOT / 3600.0),
    ("UsSurveyFootPerMinute", SURVEY_FOOT / 60.0),
    ("UsSurveyFootPerSecond", SURVEY_FOOT),
    ("YardPerHour", 0.9144 / 3600.0),
    ("YardPerMinute", 0.9144 / 60.0),
    ("YardPerSecond", 0.9144),
];

const US_GALLON: f64 = 3.785_411_784e-3;
const IMPERIAL_GALLON: f64 = 4.546_09e-3;
const CUBIC_FOOT: f64 = FOOT * FOOT * FOOT;
const CUBIC_INCH: f64 = INCH * INCH * INCH;

/// In cubic metres.
const VOLUME: &[Unit] = &[
    ("AcreFoot", 1.0 / 0.000_810_714),
    ("AuTablespoon", 2e-5),
    ("BoardFoot", CUBIC_INCH * 144.0),
    ("Centiliter", 1e-5),
    ("CubicCentimeter", 1e-6),
    ("CubicDecimeter", 1e-3),
    ("CubicFoot", CUBIC_FOOT),
    ("CubicHectometer", 1e6),
    ("CubicInch", CUBIC_INCH),
    ("CubicKilometer", 1e9),
    ("CubicMeter", 1.0),
    ("CubicMicrometer", 1e-18),
    ("CubicMile", MILE * MILE * MILE),
    ("CubicMillimeter", 1e-9),
    ("CubicYard", 0.9144 * 0.9144 * 0.9144),
    ("Decaliter", 1e-2),
    ("DecausGallon", US_GALLON * 10.0),
    ("Deciliter", 1e-4),
    ("DeciusGallon", US_GALLON / 10.0),
    ("HectocubicFoot", CUBIC_FOOT * 100.0),
    ("HectocubicMeter", 100.0),
    ("Hectoliter", 0.1),
    ("HectousGallon", US_GALLON * 100.0),
    ("ImperialBeerBarrel", IMPERIAL_GALLON * 36.0),
    ("ImperialGallon", IMPERIAL_GALLON),
    ("ImperialOunce", IMPERIAL_GALLON / 160.0),
    ("ImperialPint", IMPERIAL_GALLON / 8.0),
    ("KilocubicFoot", CUBIC_FOOT * 1e3),
    ("KilocubicMeter", 1e3),
    ("KiloimperialGallon", IMPERIAL_GALLON * 1e3),
    ("Kiloliter", 1.0),
    ("KilousGallon", US_GALLON * 1e3),
    ("Liter", 1e-3),
    ("MegacubicFoot", CUBIC_FOOT * 1e6),
    ("MegaimperialGallon", IMPERIAL_GALLON * 1e6),
    ("Megaliter", 1e3),
    ("MegausGallon", US_GALLON * 1e6),
    ("MetricCup", 2.5e-4),
    ("MetricTeaspoon", 5e-6),
    ("Microliter", 1e-9),
    ("Milliliter", 1e-6),
    ("OilBarrel", US_GALLON * 42.0),
    ("UkTablespoon", 1.5e-5),
    ("UsBeerBarrel", US_GALLON * 31.0),
    ("UsCustomaryCup", US_GALLON / 16.0),
    ("UsGallon", US_GALLON),
    ("UsLegalCup", 2.4e-4),
    ("UsOunce", US_GALLON / 128.0),
    ("UsPint", US_GALLON / 8.0),
    ("UsQuart", US_GALLON / 4.0),
    ("UsTablespoon", US_GALLON / 256.0),
    ("UsTeaspoon", US_GALLON / 768.0),
];
