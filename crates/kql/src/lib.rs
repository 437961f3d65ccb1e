//! The Kusto Query Language: text to a bound, typed plan, and its run over tables of the caller's.
//!
//! ```text
//! text ──syntax──▶ tree ──bind──▶ plan ──exec──▶ rows
//! ```
//!
//! [`Engine`] does all of it in one call. `value` holds the scalar types, `functions` and `aggregates` the library, one table
//! entry a function. The crate knows nothing of logs, rules or hosts.

pub mod aggregates;
pub mod bind;
pub mod coverage;
pub mod diagnostic;
mod engine;
pub mod exec;
pub mod functions;
mod habits;
mod nearest;
pub mod plan;
pub mod syntax;
pub mod value;

pub use engine::{Engine, QueryError};
pub use nearest::nearest;

const GRAPHS: &str = "it stands only in graph-match and graph-shortest-paths, over a variable of the pattern";
const GEOMETRY: &str = "Forepost supports only a few geometry functions";

/// Functions Kusto has and Forepost refuses by name, each with the reason. Sorted.
pub const REFUSED_FUNCTIONS: &[(&str, &str)] = &[
    ("all", GRAPHS),
    ("argmax", "use arg_max"),
    ("argmin", "use arg_min"),
    ("assert", "it would stop the detection with an error"),
    ("cluster", "Forepost cannot reach a cluster; supply the data as a table"),
    ("current_cluster_endpoint", "Forepost does not run in a cluster"),
    ("current_cursor", "Forepost has no database cursors"),
    ("current_database", "Forepost has no database"),
    ("current_node_id", "Forepost does not run in a cluster"),
    ("current_principal", "Forepost has no signed-in user"),
    ("current_principal_details", "Forepost has no signed-in user"),
    ("current_principal_is_member_of", "Forepost has no signed-in user"),
    ("cursor_after", "Forepost has no database cursors"),
    ("cursor_before_or_at", "Forepost has no database cursors"),
    ("cursor_current", "Forepost has no database cursors"),
    ("database", "Forepost has no other database; supply the data as a table"),
    ("entity_group", "Forepost cannot reach a cluster; supply the data as a table"),
    ("extent_id", "Forepost does not store data in extents"),
    ("extent_tags", "Forepost does not store data in extents"),
    ("extentid", "Forepost does not store data in extents"),
    ("external_table", "Forepost makes no network connections; supply the data as a table"),
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
    ("geo_info_from_ip_address", "Forepost has no geolocation database"),
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
    ("graph", "Forepost has no database; make the graph of tables: make-graph"),
    ("hash_combine", "Microsoft has not published how it combines hashes"),
    ("hash_many", "Microsoft has not published how it combines hashes"),
    ("hll_isvalid", "Microsoft has not published the format of its sketches"),
    ("inner_nodes", GRAPHS),
    ("labels", GRAPHS),
    ("map", GRAPHS),
    ("materialized_view", "Forepost has no database; supply the data as a table"),
    ("node_degree_in", GRAPHS),
    ("node_degree_out", GRAPHS),
    ("node_id", GRAPHS),
    ("parse_user_agent", "it needs a large list of patterns that changes often"),
    ("passthrough", "it is internal to Kusto"),
    ("percentrank_tdigest", "Microsoft has not published how it interpolates"),
    ("rank_tdigest", "Microsoft has not published how it interpolates"),
    ("row_id", "rows have no storage identifier"),
    ("row_rank", "use row_rank_dense or row_rank_min"),
    ("rowstore_ordinal_range", "it describes the storage of a cluster"),
    ("series_decompose", "Microsoft has not published its full model"),
    ("series_decompose_anomalies", "Microsoft has not published its full model"),
    ("series_decompose_forecast", "Microsoft has not published its full model"),
    ("series_fft", "Forepost does not support Fourier transforms"),
    ("series_fit_2lines", "Microsoft has not published its search method"),
    ("series_fit_2lines_dynamic", "Microsoft has not published its search method"),
    ("series_fit_poly", "Forepost fits straight lines only"),
    ("series_ifft", "Forepost does not support Fourier transforms"),
    ("series_outliers", "Microsoft has not published how it scores"),
    ("series_periods_detect", "Microsoft has not published its method"),
    ("series_periods_validate", "Microsoft has not published its method"),
    ("stored_query_result", "Forepost has no database; supply the data as a table"),
    ("tdigest_isvalid", "Microsoft has not published the format of its sketches"),
];
