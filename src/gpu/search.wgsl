// Levels 2 to 5 of the search, whose definition stands in `motion/mod.rs`. Eight invocations look for one block, whose side
// `SIDE` is put before this file; a workgroup has eight blocks of a row. Each of the eight tries a vector, or half of the
// rows of one of four, or measures a row in eight; what they found they tell each other, and go on alike.

const LONGEST = 1023;
// No vector is tried. Two of them fit into a word.
const NONE = 0x40000000u;

var<workgroup> sads: array<u32, 64>;
var<workgroup> vectors: array<vec2<i32>, 64>;
var<workgroup> coefficients: array<i32, 512>;

const AROUND = array<vec2<i32>, 8>(
    vec2<i32>(-1, -1), vec2<i32>(0, -1), vec2<i32>(1, -1), vec2<i32>(-1, 0),
    vec2<i32>(1, 0), vec2<i32>(-1, 1), vec2<i32>(0, 1), vec2<i32>(1, 1),
);
const CROSS = array<vec2<i32>, 4>(vec2<i32>(-1, 0), vec2<i32>(1, 0), vec2<i32>(0, -1), vec2<i32>(0, 1));

// A block, as one of its eight invocations sees it.
struct Block {
    plane: vec4<i32>,
    // Column and row in the grid, and whether that has the block: if not, the last one of the row is searched once more.
    place: vec2<i32>,
    is_there: bool,
    corner: vec2<i32>,
    // The least and greatest vector in whole samples.
    low: vec2<i32>,
    high: vec2<i32>,
    lane: u32,
    // The first of the eight in the workgroup.
    first: u32,
}

struct Best {
    vector: vec2<i32>,
    sad: u32,
}

fn block_of(plane: vec4<i32>, columns: i32, group: vec3<u32>, local: vec3<u32>) -> Block {
    var block: Block;
    block.plane = plane;
    let column = i32(8u * group.x + local.y);
    block.is_there = column < columns;
    block.place = vec2<i32>(min(column, columns - 1), i32(group.y));
    block.corner = SIDE * block.place;
    block.low = max(vec2<i32>(-SIDE) - block.corner, vec2<i32>(-LONGEST));
    block.high = min(plane.zw - block.corner, vec2<i32>(LONGEST));
    block.lane = local.x;
    block.first = 8u * local.y;
    return block;
}

// Level 3 and 4, and level 2, of which a block stands for as much of the picture, have one grid.
fn grid(side: i32) -> vec2<i32> {
    return (params.planes[0].zw + side - 1) / side;
}

fn cut(block: Block, vector: vec2<i32>) -> vec2<i32> {
    return clamp(vector, block.low, block.high);
}

fn is_inside(block: Block, vector: vec2<i32>, unit: i32) -> bool {
    return all(vector >= unit * block.low) && all(vector <= unit * block.high);
}

// The SAD of some rows to a vector of whole samples.
fn sad_whole(block: Block, vector: vec2<i32>, from_row: i32, rows: i32) -> u32 {
    let to = block.corner + vector;
    let shift = u32(to.x & 3) * 8u;
    var sums = vec4<i32>(0);
    for (var row = from_row; row < from_row + rows; row++) {
        let own = word_of(block.plane, block.corner.x, block.corner.y + row);
        let other = word_of(block.plane, to.x, to.y + row);
        var low = before[other];
        for (var i = 0u; i < u32(SIDE) / 4u; i++) {
            let high = before[other + i + 1u];
            sums += abs(unpacked(current[own + i]) - unpacked(joined(low, high, shift)));
            low = high;
        }
    }
    return total(sums);
}

// Four samples, each weighed with the one to its right.
fn across(plane: vec4<i32>, x: i32, y: i32, right: i32) -> vec4<i32> {
    let at = word_of(plane, x, y);
    let shift = u32(x & 3) * 8u;
    let low = before[at];
    let high = before[at + 1u];
    let here = joined(low, high, shift);
    // From a sample further on, which may be the whole of `high`.
    let next = ((low >> shift) >> 8u) | (high << (24u - shift));
    return (4 - right) * unpacked(here) + right * unpacked(next);
}

fn between(upper: vec4<i32>, lower: vec4<i32>, down: i32) -> vec4<i32> {
    return ((4 - down) * upper + down * lower + 8) >> vec4<u32>(4u);
}

// The SAD of some rows to a vector in quarters of a sample.
fn sad_between(block: Block, vector: vec2<i32>, from_row: i32, rows: i32) -> u32 {
    let to = 4 * block.corner + vector;
    let whole = to >> vec2<u32>(2u);
    let part = to & vec2<i32>(3);
    var sums = vec4<i32>(0);
    for (var x = 0; x < SIDE; x += 4) {
        var upper = across(block.plane, whole.x + x, whole.y + from_row, part.x);
        for (var row = from_row; row < from_row + rows; row++) {
            let lower = across(block.plane, whole.x + x, whole.y + row + 1, part.x);
            let own = current[word_of(block.plane, block.corner.x + x, block.corner.y + row)];
            sums += abs(unpacked(own) - between(upper, lower, part.y));
            upper = lower;
        }
    }
    return total(sums);
}

fn tell(block: Block, vector: vec2<i32>, sad: u32) {
    // Not before all have read what was told last.
    workgroupBarrier();
    vectors[block.first + block.lane] = vector;
    sads[block.first + block.lane] = sad;
    workgroupBarrier();
}

// The better of `best` and of the eight vectors that the eight have tried; of equal ones the first.
fn best_of_eight(block: Block, best: Best, vector: vec2<i32>, sad: u32) -> Best {
    tell(block, vector, sad);
    var found = best;
    for (var i = block.first; i < block.first + 8u; i++) {
        if sads[i] < found.sad {
            found = Best(vectors[i], sads[i]);
        }
    }
    return found;
}

// The same of four vectors, each tried by two, of which each has half of the rows.
fn best_of_four(block: Block, best: Best, vector: vec2<i32>, sad: u32) -> Best {
    tell(block, vector, sad);
    var found = best;
    for (var i = block.first; i < block.first + 8u; i += 2u) {
        let sum = sads[i] + sads[i + 1u];
        if sum < found.sad {
            found = Best(vectors[i], sum);
        }
    }
    return found;
}

// The first round: what each of the eight has for a candidate, that of the first being the zero vector.
fn first_round(block: Block, has_candidate: bool, candidate: vec2<i32>) -> Best {
    var sad = NONE;
    if has_candidate {
        sad = sad_whole(block, candidate, 0, SIDE);
    }
    return best_of_eight(block, Best(vec2<i32>(0), NONE), candidate, sad);
}

fn step_around(block: Block, best: Best) -> Best {
    var around = AROUND;
    let vector = best.vector + around[block.lane];
    var sad = NONE;
    if is_inside(block, vector, 1) {
        sad = sad_whole(block, vector, 0, SIDE);
    }
    return best_of_eight(block, best, vector, sad);
}

fn step_across(block: Block, best: Best) -> Best {
    var cross = CROSS;
    let vector = best.vector + cross[block.lane / 2u];
    var sad = NONE;
    if is_inside(block, vector, 1) {
        sad = sad_whole(block, vector, i32(block.lane & 1u) * (SIDE / 2), SIDE / 2);
    }
    return best_of_four(block, best, vector, sad);
}

fn step_between(block: Block, best: Best, step: i32) -> Best {
    var cross = CROSS;
    let vector = best.vector + step * cross[block.lane / 2u];
    var sad = NONE;
    if is_inside(block, vector, 4) {
        sad = sad_between(block, vector, i32(block.lane & 1u) * (SIDE / 2), SIDE / 2);
    }
    return best_of_four(block, best, vector, sad);
}

// The index of the neighbour of the coarser block around this one, on the side where this one lies.
fn beside(index: i32, count: i32) -> i32 {
    let around = index / 2;
    if (index & 1) == 1 {
        return min(around + 1, count - 1);
    }
    return max(around - 1, 0);
}

// Of the lanes 1 to 3: the coarser block around, the one beside, the one above or below.
fn coarser(block: Block, size: vec2<i32>) -> u32 {
    var at = block.place / 2;
    if block.lane == 2u {
        at.x = beside(block.place.x, size.x);
    } else if block.lane == 3u {
        at.y = beside(block.place.y, size.y);
    }
    return u32(at.y * size.x + at.x);
}

// Of the lanes 1 to 5: the same block, and those left, right, above and below; whether there is such.
struct Neighbour {
    is_there: bool,
    index: u32,
}

fn neighbour(block: Block, size: vec2<i32>) -> Neighbour {
    var at = block.place;
    switch block.lane {
        case 2u: { at.x -= 1; }
        case 3u: { at.x += 1; }
        case 4u: { at.y -= 1; }
        case 5u: { at.y += 1; }
        default: {}
    }
    let is_there = all(at >= vec2<i32>(0)) && all(at < size);
    return Neighbour(is_there, u32(at.y * size.x + at.x));
}

fn index_of(block: Block, size: vec2<i32>) -> u32 {
    return u32(block.place.y * size.x + block.place.x);
}

@compute @workgroup_size(8, 8)
fn level2(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let size = grid(16);
    let block = block_of(params.planes[1], size.x, group, local);
    var has_candidate = block.lane < 4u;
    var candidate = vec2<i32>(0);
    if block.lane >= 1u && block.lane <= 3u {
        let quarter = params.planes[2];
        candidate = 2 * to_vector(field[params.parts.x + 2u * coarser(block, (quarter.zw + 7) / 8)]);
    } else if block.lane == 4u && params.more.y != 0u {
        has_candidate = true;
        candidate = (to_vector(last[index_of(block, size)]) + 4) >> vec2<u32>(3u);
    }
    var best = first_round(block, has_candidate, cut(block, candidate));
    best = step_around(block, best);
    if block.is_there && block.lane == 0u {
        field[params.parts.w + index_of(block, size)] = to_word(best.vector);
    }
}

struct Candidate {
    vector: vec2<i32>,
    is_there: bool,
}

// What the first of the eight tries, which is no motion, and the next five: the vectors that the level whose part of `field`
// begins at `part` found for this block and its neighbours.
fn from_level(block: Block, size: vec2<i32>, part: u32) -> Candidate {
    if block.lane >= 1u && block.lane <= 5u {
        let from_block = neighbour(block, size);
        if from_block.is_there {
            return Candidate(to_vector(field[part + from_block.index]), true);
        }
    }
    return Candidate(vec2<i32>(0), block.lane == 0u);
}

@compute @workgroup_size(8, 8)
fn level3(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let size = grid(16);
    let block = block_of(params.planes[0], size.x, group, local);
    var candidate = from_level(block, size, params.parts.w);
    candidate.vector *= 2;
    if block.lane == 6u && params.more.y != 0u {
        candidate = Candidate((to_vector(last[index_of(block, size)]) + 2) >> vec2<u32>(2u), true);
    }
    var best = first_round(block, candidate.is_there, cut(block, candidate.vector));
    best = step_around(block, best);
    best = step_around(block, best);
    best = step_around(block, best);
    if block.is_there && block.lane == 0u {
        field[params.more.x + index_of(block, size)] = to_word(best.vector);
    }
}

@compute @workgroup_size(8, 8)
fn level4(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let size = grid(16);
    let block = block_of(params.planes[0], size.x, group, local);
    let candidate = from_level(block, size, params.more.x);
    let best = first_round(block, candidate.is_there, cut(block, candidate.vector));
    let zero_sad = sads[block.first];
    write(block, params.parts.y + 3u * index_of(block, size), refined(block, best), zero_sad);
}

@compute @workgroup_size(8, 8)
fn level5(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let size = grid(8);
    let large = grid(16);
    let block = block_of(params.planes[0], size.x, group, local);
    var candidate = vec2<i32>(0);
    if block.lane >= 1u && block.lane <= 3u {
        candidate = (to_vector(field[params.parts.y + 3u * coarser(block, large)]) + 2) >> vec2<u32>(2u);
    }
    var best = first_round(block, block.lane < 4u, cut(block, candidate));
    let zero_sad = sads[block.first];
    best = step_across(block, best);
    best = step_across(block, best);
    best = refined(block, best);
    // At last the vector of the block around, of which each has a row.
    let around = params.parts.y + 3u * u32((block.place.y / 2) * large.x + block.place.x / 2);
    let vector = clamp(to_vector(field[around]), 4 * block.low, 4 * block.high);
    let sum = sum_of_eight(block, sad_between(block, vector, i32(block.lane), 1));
    if sum < best.sad {
        best = Best(vector, sum);
    }
    write(block, params.parts.z + 3u * index_of(block, size), best, zero_sad);
}

// Goes on in halves and in quarters of a sample.
fn refined(block: Block, best: Best) -> Best {
    let halves = step_between(block, Best(4 * best.vector, best.sad), 2);
    return step_between(block, halves, 1);
}

fn sum_of_eight(block: Block, value: u32) -> u32 {
    tell(block, vec2<i32>(0), value);
    var sum = 0u;
    for (var i = block.first; i < block.first + 8u; i++) {
        sum += sads[i];
    }
    return sum;
}

// Measures the match, and writes all of it.
fn write(block: Block, out: u32, best: Best, zero_sad: u32) {
    var satd = satd_of(block, best.vector, vec2<i32>(0, 0));
    if SIDE > 8 {
        satd += satd_of(block, best.vector, vec2<i32>(8, 0));
        satd += satd_of(block, best.vector, vec2<i32>(0, 8));
        satd += satd_of(block, best.vector, vec2<i32>(8, 8));
    }
    let variance = variance_of(block);
    if block.is_there && block.lane == 0u {
        // None of the four has more than 16 bits.
        field[out] = to_word(best.vector);
        field[out + 1u] = best.sad | (zero_sad << 16u);
        field[out + 2u] = satd | (variance << 16u);
    }
}

// The transform of eight values; what of it stands where does not matter to a sum.
fn hadamard(low: vec4<i32>, high: vec4<i32>) -> array<vec4<i32>, 2> {
    return array<vec4<i32>, 2>(hadamard4(low + high), hadamard4(low - high));
}

fn hadamard4(v: vec4<i32>) -> vec4<i32> {
    let a = vec4<i32>(v.xy + v.zw, v.xy - v.zw);
    return vec4<i32>(a.xz + a.yw, a.xz - a.yw);
}

// Of the 8x8 at a corner of the block: each of the eight has a row, then a column.
fn satd_of(block: Block, vector: vec2<i32>, corner: vec2<i32>) -> u32 {
    let row = block.corner + corner + vec2<i32>(0, i32(block.lane));
    let to = 4 * row + vector;
    let whole = to >> vec2<u32>(2u);
    let part = to & vec2<i32>(3);
    var differences: array<vec4<i32>, 2>;
    for (var i = 0; i < 2; i++) {
        let own = current[word_of(block.plane, row.x + 4 * i, row.y)];
        let upper = across(block.plane, whole.x + 4 * i, whole.y, part.x);
        let lower = across(block.plane, whole.x + 4 * i, whole.y + 1, part.x);
        differences[i] = unpacked(own) - between(upper, lower, part.y);
    }
    var across_row = hadamard(differences[0], differences[1]);
    let start = 8u * block.first;
    // All have read what stood there for long: every round of telling has been between.
    for (var i = 0u; i < 8u; i++) {
        coefficients[start + 8u * block.lane + i] = across_row[i / 4u][i % 4u];
    }
    workgroupBarrier();
    var column: array<vec4<i32>, 2>;
    for (var i = 0u; i < 8u; i++) {
        column[i / 4u][i % 4u] = coefficients[start + 8u * i + block.lane];
    }
    let down = hadamard(column[0], column[1]);
    return (sum_of_eight(block, total(abs(down[0])) + total(abs(down[1]))) + 4u) >> 3u;
}

fn variance_of(block: Block) -> u32 {
    var sums = vec4<i32>(0);
    var squares = vec4<i32>(0);
    for (var i = 0; i < SIDE / 8; i++) {
        let own = word_of(block.plane, block.corner.x, block.corner.y + i32(block.lane) * (SIDE / 8) + i);
        for (var word = 0u; word < u32(SIDE) / 4u; word++) {
            let values = unpacked(current[own + word]);
            sums += values;
            squares += values * values;
        }
    }
    let sum = sum_of_eight(block, total(sums));
    let square = sum_of_eight(block, total(squares));
    // All of it fits 32 bits, for a block of 16x16 too.
    let count = u32(SIDE * SIDE);
    return (count * square - sum * sum) / (count * count);
}
