// Level 1 of the search, whose definition stands in `motion/mod.rs`: all of a window, for blocks of 8x8 of the quarter
// planes. A workgroup looks for one block, whose window it keeps; each invocation has one `x` of it, and every fourth `y`.

const COLUMNS = 32u;
const ROWS = 25u;
// The window and the block that may stand at its end: words of a row, and rows.
const WORDS = 10u;
const LINES = 32u;
// The zero vector in the window.
const ZERO = vec2<u32>(16u, 12u);

var<workgroup> window: array<u32, 320>;
var<workgroup> block: array<u32, 16>;
var<workgroup> keys: array<u32, 128>;
var<workgroup> zero_sad: u32;

@compute @workgroup_size(32, 4)
fn coarse(
    @builtin(workgroup_id) place: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let plane = params.planes[2];
    let corner = 8 * vec2<i32>(place.xy);
    for (var i = index; i < WORDS * LINES; i += 128u) {
        let y = corner.y - i32(ZERO.y) + i32(i / WORDS);
        window[i] = before[word_of(plane, corner.x - i32(ZERO.x), y) + i % WORDS];
    }
    if index < 16u {
        block[index] = current[word_of(plane, corner.x, corner.y + i32(index / 2u)) + index % 2u];
    }
    workgroupBarrier();

    // The least SAD, and of equal ones the one that was tried first: both in one number.
    var best = 0xffffffffu;
    let shift = (local.x & 3u) * 8u;
    for (var y = local.y; y < ROWS; y += 4u) {
        var sums = vec4<i32>(0);
        for (var row = 0u; row < 8u; row++) {
            let at = (y + row) * WORDS + local.x / 4u;
            let middle = window[at + 1u];
            let left = joined(window[at], middle, shift);
            let right = joined(middle, window[at + 2u], shift);
            sums += abs(unpacked(block[2u * row]) - unpacked(left));
            sums += abs(unpacked(block[2u * row + 1u]) - unpacked(right));
        }
        let sad = total(sums);
        var order = 1u + y * COLUMNS + local.x;
        if local.x == ZERO.x && y == ZERO.y {
            order = 0u;
            zero_sad = sad;
        }
        best = min(best, (sad << 10u) | order);
    }
    keys[index] = best;
    workgroupBarrier();
    for (var step = 64u; step > 0u; step /= 2u) {
        if index < step {
            keys[index] = min(keys[index], keys[index + step]);
        }
        workgroupBarrier();
    }

    if index == 0u {
        let order = keys[0] & 1023u;
        var vector = vec2<i32>(0);
        if order > 0u {
            vector = vec2<i32>(vec2<u32>((order - 1u) % COLUMNS, (order - 1u) / COLUMNS)) - vec2<i32>(ZERO);
        }
        let out = params.parts.x + 2u * (place.y * u32((plane.z + 7) / 8) + place.x);
        field[out] = to_word(vector);
        field[out + 1u] = (keys[0] >> 10u) | (zero_sad << 16u);
    }
}
