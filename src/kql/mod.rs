//! KQL: text to a bound, typed plan. Knows nothing of logs, rules or hosts.

pub mod aggregates;
pub mod ast;
pub mod bind;
pub mod coverage;
pub mod diagnostic;
pub mod functions;
pub mod lex;
pub mod parse;
pub mod plan;

/// The name nearest to a misspelt one, if any is near enough to be meant.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    names
        .into_iter()
        .map(|name| (distance(&word.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(d, name)| *d <= most && *d < name.chars().count())
        .min_by_key(|(d, _)| *d)
        .map(|(_, name)| name)
}

/// Edits from one word to another: insert, delete, replace, swap neighbours. Long words are not compared.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let mut best =
                (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

const GRAPHS: &str = "graphs are outside what detections on logs use";
const GEOMETRY: &str = "of geometry only the small functions are here";

/// Functions Kusto has and Forepost refuses by name, each with the reason. Sorted.
pub const REFUSED_FUNCTIONS: &[(&str, &str)] = &[
    ("all", GRAPHS),
    ("argmax", "write arg_max"),
    ("argmin", "write arg_min"),
    ("assert", "it ends a query with an error, which a detection must not"),
    ("bin_auto", "its bin size comes from the client that draws the chart"),
    ("cluster", "there is no other cluster: give the data as a table"),
    ("current_cluster_endpoint", "there is no cluster"),
    ("current_cursor", "there is no database with cursors"),
    ("current_database", "there is no database"),
    ("current_node_id", "there is no cluster"),
    ("current_principal", "there is no signed-in user"),
    ("current_principal_details", "there is no signed-in user"),
    ("current_principal_is_member_of", "there is no signed-in user"),
    ("cursor_after", "there is no database with cursors"),
    ("cursor_before_or_at", "there is no database with cursors"),
    ("cursor_current", "there is no database with cursors"),
    ("database", "there is no other database: give the data as a table"),
    ("datetime_list_timezones", "it needs a time-zone database, which would outweigh the engine"),
    ("datetime_local_to_utc", "it needs a time-zone database, which would outweigh the engine"),
    ("datetime_utc_to_local", "it needs a time-zone database, which would outweigh the engine"),
    ("entity_group", "there is no other cluster: give the data as a table"),
    ("estimate_data_size", "it tells of the storage of a cluster"),
    ("extent_id", "there are no extents"),
    ("extent_tags", "there are no extents"),
    ("extentid", "there are no extents"),
    ("external_table", "Forepost opens no network: give the data as a table"),
    ("geo_angle", GEOMETRY),
    ("geo_closest_point_on_line", GEOMETRY),
    ("geo_closest_point_on_polygon", GEOMETRY),
    ("geo_distance_point_to_line", GEOMETRY),
    ("geo_distance_point_to_polygon", GEOMETRY),
    ("geo_from_wkt", GEOMETRY),
    ("geo_geohash_neighbors", GEOMETRY),
    ("geo_geohash_to_polygon", GEOMETRY),
    ("geo_h3cell_children", GEOMETRY),
    ("geo_h3cell_level", GEOMETRY),
    ("geo_h3cell_neighbors", GEOMETRY),
    ("geo_h3cell_parent", GEOMETRY),
    ("geo_h3cell_rings", GEOMETRY),
    ("geo_h3cell_to_central_point", GEOMETRY),
    ("geo_h3cell_to_polygon", GEOMETRY),
    ("geo_info_from_ip_address", "it needs a database of places"),
    ("geo_intersection_2lines", GEOMETRY),
    ("geo_intersection_2polygons", GEOMETRY),
    ("geo_intersection_line_with_polygon", GEOMETRY),
    ("geo_intersects_2lines", GEOMETRY),
    ("geo_intersects_2polygons", GEOMETRY),
    ("geo_intersects_line_with_polygon", GEOMETRY),
    ("geo_line_buffer", GEOMETRY),
    ("geo_line_densify", GEOMETRY),
    ("geo_line_locate_point", GEOMETRY),
    ("geo_line_simplify", GEOMETRY),
    ("geo_line_to_s2cells", GEOMETRY),
    ("geo_point_buffer", GEOMETRY),
    ("geo_point_in_polygon", GEOMETRY),
    ("geo_point_to_h3cell", GEOMETRY),
    ("geo_point_to_s2cell", GEOMETRY),
    ("geo_polygon_area", GEOMETRY),
    ("geo_polygon_buffer", GEOMETRY),
    ("geo_polygon_densify", GEOMETRY),
    ("geo_polygon_perimeter", GEOMETRY),
    ("geo_polygon_simplify", GEOMETRY),
    ("geo_polygon_to_h3cells", GEOMETRY),
    ("geo_polygon_to_s2cells", GEOMETRY),
    ("geo_s2cell_neighbors", GEOMETRY),
    ("geo_s2cell_to_central_point", GEOMETRY),
    ("geo_s2cell_to_polygon", GEOMETRY),
    ("geo_simplify_polygons_array", GEOMETRY),
    ("geo_union_lines_array", GEOMETRY),
    ("geo_union_polygons_array", GEOMETRY),
    ("graph", GRAPHS),
    ("hash_combine", "how it combines hashes is not published"),
    ("hash_many", "how it combines hashes is not published"),
    ("hll_isvalid", "the form of a sketch is not published"),
    ("ingestion_time", "events carry no time of ingestion"),
    ("inner_nodes", GRAPHS),
    ("labels", GRAPHS),
    ("map", GRAPHS),
    ("materialized_view", "there is no database: give the data as a table"),
    ("new_guid", "an alert must not depend on chance"),
    ("node_degree_in", GRAPHS),
    ("node_degree_out", GRAPHS),
    ("node_id", GRAPHS),
    ("parse_user_agent", "its rules are a large list that changes all the time"),
    ("passthrough", "it is internal to Kusto"),
    ("percentrank_tdigest", "how it interpolates is not published"),
    ("rand", "an alert must not depend on chance"),
    ("rank_tdigest", "how it interpolates is not published"),
    ("row_id", "rows have no identity in storage"),
    ("row_rank", "write row_rank_dense or row_rank_min"),
    ("rowstore_ordinal_range", "it tells of the storage of a cluster"),
    ("series_decompose", "its model is not published in full"),
    ("series_decompose_anomalies", "its model is not published in full"),
    ("series_decompose_forecast", "its model is not published in full"),
    ("series_fft", "transforms of series are outside what detections use"),
    ("series_fit_2lines", "its search is not published"),
    ("series_fit_2lines_dynamic", "its search is not published"),
    ("series_fit_poly", "fits of higher degree are outside what detections use"),
    ("series_ifft", "transforms of series are outside what detections use"),
    ("series_outliers", "how it scores is not published"),
    ("series_periods_detect", "how it detects is not published"),
    ("series_periods_validate", "how it detects is not published"),
    ("stored_query_result", "there is no database: give the data as a table"),
    ("tdigest_isvalid", "the form of a sketch is not published"),
];
