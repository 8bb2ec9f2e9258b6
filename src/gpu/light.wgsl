// The light of a picture, by its quarter plane: the mean and the mean deviation from it, in 256ths of a level, as
// `motion/scenes.rs` has them. They stand behind the planes, then the mean as a level, then what each row came to. First all
// rows are summed up, each by a workgroup, then the rows by one.

var<workgroup> sums: array<u32, 64>;

fn sum_of_all(index: u32, value: u32) -> u32 {
    sums[index] = value;
    workgroupBarrier();
    for (var step = 32u; step > 0u; step /= 2u) {
        if index < step {
            sums[index] += sums[index + step];
        }
        workgroupBarrier();
    }
    return sums[0];
}

// The sum of a row of how far samples are from a level.
fn sum_row(index: u32, y: i32, level: i32) -> u32 {
    let plane = params.planes[2];
    var sum = 0u;
    for (var x = 4 * i32(index); x < plane.z; x += 256) {
        let distances = abs(unpacked(planes[word_of(plane, x, y)]) - level);
        // Beyond the last sample of the row are copies of it.
        let is_there = vec4<i32>(0, 1, 2, 3) < vec4<i32>(plane.z - x);
        sum += u32(dot(select(vec4<i32>(0), distances, is_there), vec4<i32>(1)));
    }
    return sum_of_all(index, sum);
}

fn sum_rows(index: u32) -> u32 {
    let rows = params.planes[2].w;
    var sum = 0u;
    for (var y = i32(index); y < rows; y += 64) {
        sum += planes[light() + 3u + u32(y)];
    }
    return sum_of_all(index, sum);
}

fn samples() -> u32 {
    let plane = params.planes[2];
    return u32(plane.z) * u32(plane.w);
}

// `256 * sum / samples` without what does not fit 32 bits: of the largest picture there are 2^24 samples.
fn in_256ths(sum: u32) -> u32 {
    let count = samples();
    return (sum / count) * 256u + (sum % count) * 256u / count;
}

@compute @workgroup_size(64)
fn mean_of_rows(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    let sum = sum_row(index, i32(group.x), 0);
    if index == 0u {
        planes[light() + 3u + group.x] = sum;
    }
}

@compute @workgroup_size(64)
fn mean(@builtin(local_invocation_index) index: u32) {
    let sum = sum_rows(index);
    if index == 0u {
        planes[light()] = in_256ths(sum);
        planes[light() + 2u] = (sum + samples() / 2u) / samples();
    }
}

@compute @workgroup_size(64)
fn deviation_of_rows(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    let sum = sum_row(index, i32(group.x), i32(planes[light() + 2u]));
    if index == 0u {
        planes[light() + 3u + group.x] = sum;
    }
}

@compute @workgroup_size(64)
fn deviation(@builtin(local_invocation_index) index: u32) {
    let sum = sum_rows(index);
    if index == 0u {
        planes[light() + 1u] = in_256ths(sum);
    }
}
