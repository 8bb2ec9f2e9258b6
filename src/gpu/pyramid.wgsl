// The pyramid: the twin of `motion/pyramid.rs`. One invocation makes one word of a plane with the room around it.

@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> planes: array<u32>;

fn source_sample(x: i32, y: i32) -> u32 {
    return (source[u32(y) * params.more.z + u32(x >> 2u)] >> (u32(x & 3) * 8u)) & 255u;
}

// The full plane, from luma of 8 bits.
@compute @workgroup_size(32, 4)
fn spread(@builtin(global_invocation_id) id: vec3<u32>) {
    let plane = params.planes[0];
    let at = vec2<i32>(id.xy);
    if at.x >= plane.y || at.y >= rows_of(plane) {
        return;
    }
    let x = 4 * at.x - BEFORE;
    let y = clamp(at.y - BEFORE, 0, plane.w - 1);
    var word = 0u;
    if x >= 0 && x + 3 < plane.z {
        word = source[u32(y) * params.more.z + u32(x >> 2u)];
    } else {
        for (var i = 0; i < 4; i++) {
            word |= source_sample(clamp(x + i, 0, plane.z - 1), y) << (u32(i) * 8u);
        }
    }
    planes[u32(plane.x + at.y * plane.y + at.x)] = word;
}

fn sample(plane: vec4<i32>, x: i32, y: i32) -> u32 {
    return (planes[word_of(plane, x, y)] >> (u32(x & 3) * 8u)) & 255u;
}

// The means of the pairs of two rows of eight samples.
fn means(top: vec2<u32>, bottom: vec2<u32>) -> vec4<u32> {
    let first = unpacked(top.x) + unpacked(bottom.x);
    let second = unpacked(top.y) + unpacked(bottom.y);
    let sums = vec4<i32>(first.xz, second.xz) + vec4<i32>(first.yw, second.yw);
    return vec4<u32>(sums + 2) >> vec4<u32>(2u);
}

fn halve(to: vec4<i32>, from_plane: vec4<i32>, at: vec2<i32>) {
    if at.x >= to.y || at.y >= rows_of(to) {
        return;
    }
    let x = 4 * at.x - BEFORE;
    let y = clamp(at.y - BEFORE, 0, to.w - 1);
    var four: vec4<u32>;
    if x >= 0 && x + 3 < to.z {
        let top = word_of(from_plane, 2 * x, 2 * y);
        let bottom = word_of(from_plane, 2 * x, 2 * y + 1);
        four = means(vec2<u32>(planes[top], planes[top + 1u]), vec2<u32>(planes[bottom], planes[bottom + 1u]));
    } else {
        for (var i = 0; i < 4; i++) {
            // Beyond the edge of an odd size lies a copy of it.
            let left = 2 * clamp(x + i, 0, to.z - 1);
            let sum = sample(from_plane, left, 2 * y) + sample(from_plane, left + 1, 2 * y)
                + sample(from_plane, left, 2 * y + 1) + sample(from_plane, left + 1, 2 * y + 1);
            four[i] = (sum + 2u) >> 2u;
        }
    }
    planes[u32(to.x + at.y * to.y + at.x)] = four.x | (four.y << 8u) | (four.z << 16u) | (four.w << 24u);
}

@compute @workgroup_size(32, 4)
fn half(@builtin(global_invocation_id) id: vec3<u32>) {
    halve(params.planes[1], params.planes[0], vec2<i32>(id.xy));
}

@compute @workgroup_size(32, 4)
fn quarter(@builtin(global_invocation_id) id: vec3<u32>) {
    halve(params.planes[2], params.planes[1], vec2<i32>(id.xy));
}
