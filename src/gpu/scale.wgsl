// Pictures of one size into those of another: the twin of `convert/picture/scale`, whose head has the definition.
//
// `rows` weighs whole rows of the source, four columns an invocation; `columns` weighs the columns of that, and makes four
// samples of a row, or what is around the picture. Each word has one writer. The weights are those of the CPU, which are
// computed there; no sum needs more than 32 bits.

struct Plane {
    // In the source: the first word, and words from row to row. In the tables: what columns and rows are made of.
    source: vec4<u32>,
    // What `rows` makes: the first word, groups of four columns, and rows. And what is around the picture.
    between: vec4<u32>,
    // What `columns` makes: the first word, words from row to row, groups of four samples, and rows.
    scaled: vec4<u32>,
    // Where the picture goes: left, top, width, height.
    place: vec4<u32>,
}

struct Params {
    planes: array<Plane, 3>,
    // Words of four samples, the bits that sums over rows and over columns are shifted by, and the largest sample.
    samples: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(0) @binding(2) var<storage, read> source: array<u32>;
@group(0) @binding(3) var<storage, read_write> made: array<u32>;

// The first sample of those that sample `index` of an axis is made of, and the beginning and end of their weights.
fn taps_of(axis: u32, index: u32) -> vec3<u32> {
    let entry = axis + 2u * index;
    return vec3<u32>(tables[entry], tables[entry + 1u], tables[entry + 3u]);
}

fn four_samples(word: u32) -> vec4<i32> {
    let first = source[word];
    if params.samples.x == 1u {
        return vec4<i32>((vec4<u32>(first) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u));
    }
    let second = source[word + 1u];
    return vec4<i32>(vec4<u32>(first & 0xffffu, first >> 16u, second & 0xffffu, second >> 16u));
}

@compute @workgroup_size(8, 8)
fn rows(@builtin(global_invocation_id) id: vec3<u32>) {
    let plane = params.planes[id.z];
    if id.x >= plane.between.y || id.y >= plane.between.z {
        return;
    }
    let taps = taps_of(plane.source.w, id.y);
    let shift = params.samples.y;
    var sums = vec4<i32>(1i << (shift - 1u));
    var word = plane.source.x + taps.x * plane.source.y + id.x * params.samples.x;
    for (var tap = taps.y; tap < taps.z; tap++) {
        sums += four_samples(word) * bitcast<i32>(tables[tap]);
        word += plane.source.y;
    }
    let rows = clamp(sums >> vec4<u32>(shift), vec4<i32>(-32768), vec4<i32>(32767));
    let words = bitcast<vec4<u32>>(rows) & vec4<u32>(0xffffu);
    let at = plane.between.x + 2u * (id.y * plane.between.y + id.x);
    made[at] = words.x | (words.y << 16u);
    made[at + 1u] = words.z | (words.w << 16u);
}

// Sample `column` of the scaled picture, of a row of `rows` that begins at word `row`.
fn sample(axis: u32, column: u32, row: u32) -> u32 {
    let taps = taps_of(axis, column);
    let shift = params.samples.z;
    var sum = 1i << (shift - 1u);
    var at = taps.x;
    for (var tap = taps.y; tap < taps.z; tap++) {
        // Two to a word, with their signs.
        let high = source[row + (at >> 1u)] << (16u * (1u - (at & 1u)));
        sum += (bitcast<i32>(high) >> 16u) * bitcast<i32>(tables[tap]);
        at++;
    }
    return u32(clamp(sum >> shift, 0, i32(params.samples.w)));
}

@compute @workgroup_size(8, 8)
fn columns(@builtin(global_invocation_id) id: vec3<u32>) {
    let plane = params.planes[id.z];
    if id.x >= plane.scaled.z || id.y >= plane.scaled.w {
        return;
    }
    var values = vec4<u32>(plane.between.w);
    // Left of the place and above it these are huge.
    let y = id.y - plane.place.y;
    let left = 4u * id.x - plane.place.x;
    if y < plane.place.w {
        let row = plane.between.x + 2u * y * plane.between.y;
        for (var i = 0u; i < 4u; i++) {
            let x = left + i;
            if x < plane.place.z {
                values[i] = sample(plane.source.z, x, row);
            }
        }
    }
    let at = plane.scaled.x + id.y * plane.scaled.y + id.x * params.samples.x;
    if params.samples.x == 1u {
        made[at] = values.x | (values.y << 8u) | (values.z << 16u) | (values.w << 24u);
    } else {
        made[at] = values.x | (values.y << 16u);
        made[at + 1u] = values.z | (values.w << 16u);
    }
}
