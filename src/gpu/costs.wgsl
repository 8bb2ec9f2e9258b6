// What each block of 8x8 of the quarter planes costs from the picture before and from itself: the twin of
// `motion/scenes.rs`, whose head has the definition. Eight invocations have a row each; a workgroup has eight blocks.

var<workgroup> sums: array<u32, 64>;
var<workgroup> costs_of_rows: array<vec3<u32>, 64>;

// What the light of this picture makes of that of the one before.
struct LightChange {
    is_there: bool,
    mean: i32,
    mean_before: i32,
    gain: i32,
}

fn light_change() -> LightChange {
    let at = light();
    let mean = i32(current[at]);
    let deviation = i32(current[at + 1u]);
    let mean_before = i32(before[at]);
    let deviation_before = i32(before[at + 1u]);
    let is_there = abs(mean - mean_before) >= 128 || abs(deviation - deviation_before) >= 128;
    var gain = 256;
    if deviation_before != 0 {
        gain = clamp(deviation * 256 / deviation_before, 64, 1024);
    }
    return LightChange(is_there, mean, mean_before, gain);
}

fn lit(change: LightChange, levels: vec4<i32>) -> vec4<i32> {
    let by_gain = ((levels * 256 - change.mean_before) * change.gain) >> vec4<u32>(8u);
    return clamp((change.mean + by_gain + 128) >> vec4<u32>(8u), vec4<i32>(0), vec4<i32>(255));
}

// The SAD of a row to the one at (x, y) of the picture before, in the light of this one.
fn sad_in_light(change: LightChange, low: vec4<i32>, high: vec4<i32>, x: i32, y: i32) -> u32 {
    let at = word_of(params.planes[2], x, y);
    let shift = u32(x & 3) * 8u;
    let first = unpacked(joined(before[at], before[at + 1u], shift));
    let second = unpacked(joined(before[at + 1u], before[at + 2u], shift));
    return total(abs(low - lit(change, first)) + abs(high - lit(change, second)));
}

@compute @workgroup_size(8, 8)
fn costs(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let plane = params.planes[2];
    let columns = (plane.z + 7) / 8;
    let column = i32(8u * group.x + local.y);
    let place = vec2<i32>(min(column, columns - 1), i32(group.y));
    let corner = 8 * place;
    let index = u32(place.y * columns + place.x);
    let first = 8u * local.y;
    let y = corner.y + i32(local.x);

    let at = word_of(plane, corner.x, y);
    let low = unpacked(current[at]);
    let high = unpacked(current[at + 1u]);
    sums[first + local.x] = total(low + high);
    workgroupBarrier();
    var sum = 0u;
    for (var i = 0u; i < 8u; i++) {
        sum += sums[first + i];
    }
    let mean = i32((sum + 32u) >> 6u);
    let flat = total(abs(low - mean) + abs(high - mean));
    let above = word_of(plane, corner.x, corner.y - 1);
    let vertical = total(abs(low - unpacked(current[above])) + abs(high - unpacked(current[above + 1u])));
    let left = i32(current[at - 1u] >> 24u);
    let horizontal = total(abs(low - left) + abs(high - left));
    let change = light_change();
    let vector = to_vector(field[params.parts.x + 2u * index]);
    let zero = sad_in_light(change, low, high, corner.x, y);
    let moved = sad_in_light(change, low, high, corner.x + vector.x, y + vector.y);

    // Sums of a block have 16 bits at most.
    costs_of_rows[first + local.x] = vec3<u32>(flat | (vertical << 16u), horizontal | (zero << 16u), moved);
    workgroupBarrier();
    if column >= columns || local.x != 0u {
        return;
    }
    var all = vec3<u32>(0u);
    for (var i = 0u; i < 8u; i++) {
        all += costs_of_rows[first + i];
    }
    var intra = all.x & 0xffffu;
    // At the picture's edge, what is beside is the block's own edge.
    if corner.y > 0 {
        intra = min(intra, all.x >> 16u);
    }
    if corner.x > 0 {
        intra = min(intra, all.y & 0xffffu);
    }
    var inter = field[params.parts.x + 2u * index + 1u] & 0xffffu;
    if change.is_there {
        inter = min(inter, min(all.y >> 16u, all.z));
    }
    field[params.more.w + index] = inter | (intra << 16u);
}
