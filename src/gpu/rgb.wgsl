// RGB into luma and chroma: the twin of `convert/rgb`, whose head has the definition.
//
// One invocation makes the code values of 8 x 2 pixels, so that each word of the result has one writer: WGSL has no
// smaller type to store. Rows are padded to 8 luma samples for that. Where the source ends, its last column and row are
// taken again, as the definition has it for odd sizes.
//
// `pixel(x, y)`, R, G and B from 0 to 255, is in the file of the source that is put behind this one.

struct Params {
    // Width, height, samples from row to row of luma, and of chroma.
    size: vec4<u32>,
    // The first word of U and of V, the bits by which chroma is smaller (x in bit 0, y in bit 1, none at all in bit 2),
    // and in bit 0 whether samples have 16 bits, in bit 1 whether U and V take turns in one plane.
    planes: vec4<u32>,
    // The bytes of the first pixel's R, G, B and alpha.
    first: vec4<u32>,
    // Bytes from pixel to pixel and from row to row, whether there is alpha, and by how many bits codes stand higher.
    step: vec4<u32>,
    // The rows of the matrix, with what is added.
    y: vec4<i32>,
    u: vec4<i32>,
    v: vec4<i32>,
    // The bits that luma and chroma are shifted by, and the largest value of each.
    scale: vec4<i32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> picture: array<u32>;

// Composed over black: the product with alpha, where 255 is one, to the nearest.
fn composed(rgb: vec3<u32>, alpha: u32) -> vec3<i32> {
    let product = rgb * alpha + 128u;
    return vec3<i32>((product + (product >> vec3<u32>(8u))) >> vec3<u32>(8u));
}

fn code(row: vec4<i32>, rgb: vec3<i32>, shift: i32, largest: i32) -> u32 {
    let sum = row.x * rgb.x + row.y * rgb.y + row.z * rgb.z + row.w;
    return u32(min(sum >> u32(shift), largest));
}

// Four samples of a row of a plane, whose first word is `plane`; `at` is a multiple of 4.
fn store(plane: u32, at: u32, values: vec4<u32>) {
    let codes = values << vec4<u32>(params.step.w);
    if (params.planes.w & 1u) != 0u {
        let word = plane + at / 2u;
        picture[word] = codes.x | (codes.y << 16u);
        picture[word + 1u] = codes.z | (codes.w << 16u);
    } else {
        picture[plane + at / 4u] = codes.x | (codes.y << 8u) | (codes.z << 16u) | (codes.w << 24u);
    }
}

fn luma(rgb: vec3<i32>) -> u32 {
    return code(params.y, rgb, params.scale.x, params.scale.z);
}

fn chroma(row: vec4<i32>, sum: vec3<i32>) -> u32 {
    return code(row, sum, params.scale.y, params.scale.w);
}

fn store_chroma(at: u32, a: vec3<i32>, b: vec3<i32>, c: vec3<i32>, d: vec3<i32>) {
    let u = vec4<u32>(chroma(params.u, a), chroma(params.u, b), chroma(params.u, c), chroma(params.u, d));
    let v = vec4<u32>(chroma(params.v, a), chroma(params.v, b), chroma(params.v, c), chroma(params.v, d));
    if (params.planes.w & 2u) != 0u {
        store(params.planes.x, 2u * at, vec4<u32>(u.x, v.x, u.y, v.y));
        store(params.planes.x, 2u * at + 4u, vec4<u32>(u.z, v.z, u.w, v.w));
    } else {
        store(params.planes.x, at, u);
        store(params.planes.y, at, v);
    }
}

@compute @workgroup_size(8, 8)
fn convert(@builtin(global_invocation_id) id: vec3<u32>) {
    let left = id.x * 8u;
    let top = id.y * 2u;
    let width = params.size.x;
    let height = params.size.y;
    if left >= width || top >= height {
        return;
    }
    let has_bottom = top + 1u < height;
    var rows: array<array<vec3<i32>, 8>, 2>;
    for (var i = 0u; i < 8u; i++) {
        let x = min(left + i, width - 1u);
        rows[0][i] = pixel(x, top);
        if has_bottom {
            rows[1][i] = pixel(x, top + 1u);
        } else {
            rows[1][i] = rows[0][i];
        }
    }
    let subsampling = params.planes.z;
    for (var row = 0u; row < 2u; row++) {
        if row == 1u && !has_bottom {
            break;
        }
        let at = (top + row) * params.size.z + left;
        for (var i = 0u; i < 8u; i += 4u) {
            let a = rows[row][i];
            let b = rows[row][i + 1u];
            let c = rows[row][i + 2u];
            let d = rows[row][i + 3u];
            store(0u, at + i, vec4<u32>(luma(a), luma(b), luma(c), luma(d)));
            if subsampling == 0u {
                store_chroma(at + i, a, b, c, d);
            }
        }
        // By sums of 2 x 2, of the same row twice.
        if subsampling == 1u {
            var sums: array<vec3<i32>, 4>;
            for (var i = 0u; i < 4u; i++) {
                sums[i] = 2 * (rows[row][2u * i] + rows[row][2u * i + 1u]);
            }
            store_chroma((top + row) * params.size.w + left / 2u, sums[0], sums[1], sums[2], sums[3]);
        }
    }
    if subsampling == 3u {
        var sums: array<vec3<i32>, 4>;
        for (var i = 0u; i < 4u; i++) {
            sums[i] = rows[0][2u * i] + rows[0][2u * i + 1u] + rows[1][2u * i] + rows[1][2u * i + 1u];
        }
        store_chroma((top / 2u) * params.size.w + left / 2u, sums[0], sums[1], sums[2], sums[3]);
    }
}
