//! Kernels written by hand, and what the machine says of those that break a rule.

use software_gpu::machine::{Grid, Launch, Order};
use software_gpu::{fault::Fault, memory::Memory, ptx::load};

const HEAD: &str = ".version 8.0\n.target sm_80\n.address_size 64\n";

/// A kernel `k(p0, p1, ...)` with so many addresses as parameters, in the registers `%rd0`, `%rd1`, ....
fn kernel(parameters: usize, body: &str) -> String {
    let declared: Vec<String> = (0..parameters).map(|i| format!(".param .u64 p{i}")).collect();
    let declared = declared.join(", ");
    let loads = (0..parameters).map(|i| format!("ld.param.u64 %rd{i}, [p{i}];\n"));
    let loads: String = loads.collect();
    let registers =
        ".reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .f32 %f<20>; .reg .f64 %fd<20>;";
    format!("{HEAD}.visible .entry k({declared}) {{\n{registers}\n{loads}{body}\nret;\n}}")
}

fn launch_with(
    memory: &mut Memory,
    source: &str,
    (blocks, threads): (u32, u32),
    arguments: &[u64],
    order: Order,
) -> Result<u64, Fault> {
    let module = &load(source, memory)?;
    let parameters: Vec<u8> = arguments.iter().flat_map(|x| x.to_le_bytes()).collect();
    let launch = Launch {
        module,
        kernel: module.kernel("k").expect("the kernel is there"),
        grid: Grid { blocks: [blocks, 1, 1], threads: [threads, 1, 1] },
        parameters: &parameters,
        order,
        number: 1,
    };
    launch.run(memory)
}

/// Runs a kernel in the natural order: so many blocks of so many threads, with an address as its only argument.
fn launch(memory: &mut Memory, source: &str, grid: (u32, u32), argument: u64) -> Result<u64, Fault> {
    launch_with(memory, source, grid, &[argument], Order::default())
}

fn refused(source: &str, grid: (u32, u32)) -> String {
    let mut memory = Memory::default();
    let address = memory.allocate(16).unwrap();
    launch(&mut memory, source, grid, address).expect_err("nothing was found wrong").0
}

/// Numbers of threads, bodies of kernels that they run with the address of 16 bytes, and what is said of them: texts between dots.
fn check_refused(cases: &[(u32, &str, &str)]) {
    for (threads, body, texts) in cases {
        let message = refused(&kernel(1, body), (1, *threads));
        assert!(texts.split(" ... ").all(|text| message.contains(text)), "{message}");
    }
}

/// The first words of 64 bits that a kernel leaves behind.
fn run<const N: usize>(source: &str, threads: u32) -> [u64; N] {
    let mut memory = Memory::default();
    let address = memory.allocate(64).unwrap();
    launch(&mut memory, source, (1, threads), address).unwrap();
    std::array::from_fn(|i| memory.load(address + 8 * i as u64, 8).unwrap())
}

/// The word that one thread leaves behind.
fn result(body: &str) -> u64 {
    let [result] = run(&kernel(1, body), 1);
    result
}

/// Adds up 64 numbers a block: within warps by shuffles, between warps through shared memory, between blocks by an atomic
/// addition.
const SUM: &str = "
    .shared .align 4 .b8 warps[8];
    mov.u32 %r0, %tid.x;
    mov.u32 %r1, %ctaid.x;
    mov.u32 %r2, %ntid.x;
    mad.lo.s32 %r3, %r1, %r2, %r0;
    mul.wide.u32 %rd2, %r3, 4;
    cvta.to.global.u64 %rd3, %rd0;
    add.s64 %rd4, %rd3, %rd2;
    ld.global.f32 %f0, [%rd4];
    mov.u32 %r4, 16;
$again:
    mov.b32 %r5, %f0;
    shfl.sync.down.b32 %r6|%p1, %r5, %r4, 31, -1;
    mov.b32 %f1, %r6;
    add.f32 %f0, %f0, %f1;
    shr.u32 %r4, %r4, 1;
    setp.ne.s32 %p2, %r4, 0;
    @%p2 bra $again;
    and.b32 %r7, %r0, 31;
    setp.ne.s32 %p3, %r7, 0;
    @%p3 bra $wait;
    shr.u32 %r8, %r0, 5;
    shl.b32 %r9, %r8, 2;
    mov.u32 %r10, warps;
    add.s32 %r11, %r10, %r9;
    st.shared.f32 [%r11], %f0;
$wait:
    bar.sync 0;
    setp.ne.s32 %p4, %r0, 0;
    @%p4 bra $end;
    ld.shared.f32 %f2, [warps];
    ld.shared.f32 %f3, [warps+4];
    add.f32 %f4, %f2, %f3;
    atom.global.add.f32 %f5, [%rd1], %f4;
$end:
";

/// Sums arrays by [`SUM`] or a kernel made of it.
fn sum(body: &str, blocks: u32, values: &[f32], seed: u64) -> Result<f32, Fault> {
    let mut memory = Memory::default();
    let mut put = |values: &[f32]| {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let address = memory.allocate(bytes.len()).unwrap();
        memory.write(address, &bytes).unwrap();
        address
    };
    let arguments = [put(values), put(&[0.0])];
    let order = Order { seed, ..Order::default() };
    launch_with(&mut memory, &kernel(2, body), (blocks, 64), &arguments, order)?;
    Ok(f32::from_bits(memory.load(arguments[1], 4)? as u32))
}

#[test]
fn a_sum_over_blocks_is_the_same_in_every_order() {
    let values: Vec<f32> = (1..=192).map(|i| i as f32).collect();
    for seed in 0..8 {
        // 192 * 193 / 2; all partial sums are whole numbers, so no order rounds.
        assert_eq!(sum(SUM, 3, &values, seed), Ok(18528.0));
    }
}

#[test]
fn a_sum_without_its_barrier_is_a_race() {
    let message = |seed| sum(&SUM.replace("bar.sync 0;", ""), 1, &[1.0; 64], seed).unwrap_err().0;
    // In the natural order, the other warp has not written yet; in others, it has, by luck.
    let natural = message(0);
    assert!(natural.contains("never written") || natural.contains("race"), "{natural}");
    let race = "offset 4 of shared memory of 8 bytes, written by thread 32 of block 0, is read by thread 0";
    assert!((1..8).any(|seed| message(seed).contains(race)));
}

#[test]
fn memory_that_is_not_there() {
    let beyond = "mov.u32 %r0, %tid.x; mul.wide.u32 %rd1, %r0, 4; add.s64 %rd2, %rd0, %rd1; st.global.u32 [%rd2], %r0;";
    let few = |place| format!(".shared .align 4 .b8 few[6]; st.shared.u32 [few+{place}], %r0;");
    check_refused(&[
        (5, beyond, "kernel k, block [0, 0, 0] ... thread [4, 0, 0]"),
        (5, beyond, "st.global.u32 [%rd2], %r0; ... offset 16 of an allocation of 16 bytes"),
        (1, "ld.global.u32 %r0, [%rd0];", "never written"),
        (1, "st.global.u32 [%rd0+2], %r0;", "not aligned"),
        (1, "st.global.v2.u32 [%rd0+4], {%r0, %r0};", "8 bytes ... not aligned"),
        (1, "mov.u64 %rd1, 0; st.global.u32 [%rd1], %r0;", "null"),
        (1, "st.shared.u32 [%r0], %r0;", "shared memory"),
        (1, &few(2), "not aligned"),
        (1, &few(4), "shared memory of 6 bytes: outside"),
    ]);
}

#[test]
fn barriers_that_not_all_come_to() {
    let ends = "mov.u32 %r0, %tid.x; setp.eq.s32 %p1, %r0, 3; @%p1 ret; bar.sync 0;";
    let apart = "mov.u32 %r0, %tid.x; setp.eq.s32 %p1, %r0, 3; @%p1 bra $a; bar.sync 0; bra $b; $a: bar.sync 0; $b:";
    check_refused(&[
        (8, ends, "divergent barrier: thread 3 has ended"),
        (8, apart, "divergent barrier: thread 3 waits at another"),
    ]);
    let order = Order { ended_threads_pass_barriers: true, ..Order::default() };
    assert!(launch_with(&mut Memory::default(), &kernel(0, ends), (1, 8), &[], order).is_ok());
}

#[test]
fn lanes_that_never_come() {
    let shuffle = "shfl.sync.down.b32 %r1|%p2, %r0, 1, 31, -1;";
    let third = "mov.u32 %r0, %tid.x; setp.eq.s32 %p1, %r0, 3; @%p1";
    check_refused(&[
        (16, shuffle, "lane 16 of the mask 0xffffffff: the warp has 16 lanes"),
        (32, &format!("{third} ret; {shuffle}"), "waits for lane 3 ... has ended"),
        (32, &format!("{third} bra $b; {shuffle} $b: bar.sync 0;"), "never come"),
        // A value of a lane that takes no part.
        (1, "shfl.sync.idx.b32 %r1, %r0, 3, 31, 1;", "lane 3, which is not in the mask"),
    ]);
}

#[test]
fn instructions_that_are_not_known_fail_only_where_they_are_run() {
    let unknown = "ret; mov.b128 %rd1, %rd1; wgmma.fence.sync.aligned;";
    launch(&mut Memory::default(), &kernel(1, unknown), (1, 1), 0).unwrap();
    check_refused(&[
        (1, "add.f16x2 %r0, %r0, %r0;", "does not know ... add.f16x2"),
        (1, "bra $nowhere;", "no label $nowhere"),
        (1, "trap;", "stops itself"),
        (1, "call nobody;", "calls nobody, which is not in the module"),
    ]);
    let announced = kernel(1, "call later;").replace(".visible", ".func later(); .visible");
    assert!(refused(&announced, (1, 1)).contains("later is announced, but not in the module"));
}

#[test]
fn grids_that_gpus_refuse() {
    check_refused(&[
        (0, "", "there are none"),
        (1025, "", "more than the 1024 threads"),
        (1, ".shared .align 4 .b8 many[50000];", "50000 bytes of shared memory"),
    ]);
    assert!(refused(&kernel(1, ""), (0, 1)).contains("there are none"));
    let bounded = kernel(1, "").replace(") {", ") .maxntid 64, 1, 1 {");
    assert!(refused(&bounded, (1, 65)).contains("more than the 64 threads"));
}

#[test]
fn text_that_is_not_ptx() {
    for (source, part) in [
        ("\u{7f}ELF", "no PTX"),
        (".version 8.0\n.target sm_100\n.address_size 64", "line 2: target sm_100"),
        (&format!("{HEAD}.extern .shared .align 16 .b8 more[];"), "more: shared memory of the launch"),
        (&format!("{HEAD}.visible .entry k( {{"), "PTX, line"),
        (&format!("{HEAD}.visible .entry k() {{ .reg .b32 %r<a>; }}"), "registers %r"),
    ] {
        let message = load(source, &mut Memory::default()).unwrap_err().0;
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn words_are_packed_carried_and_inserted() {
    // 2^32 - 1 plus 1 carries into the upper word.
    let carries = "
        mov.u32 %r0, 4294967295; mov.u32 %r1, 7;
        add.cc.u32 %r2, %r0, 1; addc.u32 %r3, %r1, 0;
        mov.b64 %rd1, {%r2, %r3}; st.global.u64 [%rd0], %rd1;";
    assert_eq!(result(carries), 8 << 32);
    let borrows = "
        mov.u32 %r0, 0; mov.u32 %r1, 7;
        sub.cc.u32 %r2, %r0, 1; subc.u32 %r3, %r1, 0;
        mov.b64 %rd1, {%r2, %r3}; st.global.u64 [%rd0], %rd1;";
    assert_eq!(result(borrows), (7 << 32) - 1);
    // The square of 2^64 - 1 is 2^128 - 2^65 + 1: its upper half, by words.
    let multiplies = "
        mov.u32 %r0, -1; mov.u32 %r9, 0;
        mul.hi.u32 %r1, %r0, %r0;
        mad.lo.cc.u32 %r2, %r0, %r0, %r1;
        madc.hi.u32 %r3, %r0, %r0, 0;
        mad.lo.cc.u32 %r2, %r0, %r0, %r2;
        madc.hi.cc.u32 %r3, %r0, %r0, %r3;
        addc.u32 %r4, %r9, 0;
        mad.lo.cc.u32 %r3, %r0, %r0, %r3;
        madc.hi.u32 %r4, %r0, %r0, %r4;
        mov.b64 %rd1, {%r3, %r4}; st.global.u64 [%rd0], %rd1;";
    assert_eq!(result(multiplies), u64::MAX - 1);
    let unpacks = "
        mov.f64 %fd0, 0d3FF123456789ABCD; { .reg .b32 %temp; mov.b64 {%temp, %r0}, %fd0; }
        cvt.u64.u32 %rd1, %r0; st.global.u64 [%rd0], %rd1;";
    assert_eq!(result(unpacks), 0x3ff1_2345);
}

#[test]
fn small_integers_keep_their_signs() {
    let body = "
        mov.u16 %rs0, 65535; st.global.u8 [%rd0+16], %rs0; ld.global.s8 %rs1, [%rd0+16]; ld.global.u8 %rs2, [%rd0+16];
        cvt.s32.s16 %r0, %rs1; cvt.u32.u16 %r1, %rs2; mov.b64 %rd1, {%r0, %r1}; st.global.u64 [%rd0], %rd1;";
    assert_eq!(result(body), 255 << 32 | 0xffff_ffff);
}

/// A function with parameters and memory of its own, which gets an address in the caller's.
#[test]
fn functions_are_called() {
    let source = format!(
        "{HEAD}
        .func (.param .b64 twice_retval0) twice(.param .b64 twice_param_0, .param .b64 twice_param_1);
        .global .align 4 .b8 table[8] = {{1, 0, 0, 0, 5, 0, 0, 0}};
        .visible .entry k(.param .u64 k_param_0) {{
            .local .align 8 .b8 __local_depot0[8];
            .reg .b64 %SP, %SPL; .reg .b64 %rd<9>; .reg .b32 %r<4>;
            mov.u64 %SPL, __local_depot0;
            cvta.local.u64 %SP, %SPL;
            ld.param.u64 %rd1, [k_param_0];
            mov.u64 %rd2, 21;
            st.local.u64 [%SPL], %rd2;
            {{
                .reg .b32 temp_param_reg;
                .param .b64 param0; st.param.b64 [param0+0], %SP;
                .param .b64 param1; st.param.b64 [param1+0], 2;
                .param .b64 retval0;
                call.uni (retval0), twice, (param0, param1);
                ld.param.b64 %rd3, [retval0+0];
            }}
            mov.u64 %rd4, table; cvta.global.u64 %rd5, %rd4; ld.u32 %r1, [%rd5+4]; cvt.u64.u32 %rd6, %r1;
            add.s64 %rd7, %rd3, %rd6;
            st.global.u64 [%rd1], %rd7;
            ret;
        }}
        .func (.param .b64 twice_retval0) twice(.param .b64 twice_param_0, .param .b64 twice_param_1) {{
            .local .align 8 .b8 __local_depot1[8];
            .reg .b64 %SPL; .reg .b64 %rd<9>;
            mov.u64 %SPL, __local_depot1;
            ld.param.b64 %rd1, [twice_param_0]; ld.param.b64 %rd2, [twice_param_1];
            ld.u64 %rd3, [%rd1];
            mul.lo.s64 %rd4, %rd3, %rd2;
            st.local.u64 [%SPL], %rd4;
            ld.local.u64 %rd5, [%SPL];
            st.param.b64 [twice_retval0+0], %rd5;
            ret;
        }}"
    );
    assert_eq!(run(&source, 1), [47]);
}

#[test]
fn blocks_find_nothing_in_shared_memory() {
    let body = "
        .shared .align 4 .b8 few[4];
        mov.u32 %r0, %ctaid.x; setp.eq.u32 %p0, %r0, 0;
        @%p0 st.shared.u32 [few], %r0; ld.shared.u32 %r1, [few];";
    assert!(refused(&kernel(1, body), (2, 1)).contains("block [1, 0, 0]"));
    assert!(refused(&kernel(1, body), (2, 1)).contains("shared memory of 4 bytes: never written"));
}

#[test]
fn blocks_that_use_the_same_global_memory() {
    let body = "mov.u32 %r0, %ctaid.x; st.global.u32 [%rd0], %r0;";
    let race = "written by thread 0 of block 0, is written by thread 0 of block 1";
    assert!(refused(&kernel(1, body), (2, 1)).contains(race));
    let mut memory = Memory::new(false);
    let address = memory.allocate(8).unwrap();
    launch(&mut memory, &kernel(1, body), (2, 1), address).unwrap();
}
