// Half block RAM of a 7-series FPGA: 512 rows of 36 bits, two ports.
//
// After UG473, for what our netlists use: no output register, no inversions, ports of 1 to 18 bits that read and write, or a
// simple dual port (RAM_MODE SDP: A reads, B writes) with 36 bits on either side across the data pins of both. Both clocks are
// the same. A read of bits that the other port writes in the same cycle gives the old ones if that port is READ_FIRST; else it
// is undefined there, and random here, so that a netlist that needs it fails.
module RAMB18E1 (
    input CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB, RSTREGARSTREG, RSTREGB,
    input [13:0] ADDRARDADDR, ADDRBWRADDR,
    input [15:0] DIADI, DIBDI,
    input [1:0] DIPADIP, DIPBDIP, WEA,
    input [3:0] WEBWE,
    output [15:0] DOADO, DOBDO,
    output [1:0] DOPADOP, DOPBDOP
);
    parameter integer DOA_REG = 0, DOB_REG = 0;
    parameter integer READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0;
    parameter [127:0] RAM_MODE = "TDP", WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST";
    parameter [127:0] RDADDR_COLLISION_HWCONFIG = "DELAYED_WRITE", SIM_DEVICE = "7SERIES", SIM_COLLISION_CHECK = "ALL";
    parameter [17:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0;
    parameter [0:0] IS_CLKARDCLK_INVERTED = 0, IS_CLKBWRCLK_INVERTED = 0, IS_ENARDEN_INVERTED = 0, IS_ENBWREN_INVERTED = 0;
    parameter [0:0] IS_RSTRAMARSTRAM_INVERTED = 0, IS_RSTRAMB_INVERTED = 0;
    parameter [0:0] IS_RSTREGARSTREG_INVERTED = 0, IS_RSTREGB_INVERTED = 0;
    parameter [255:0] INITP_00 = 0, INITP_01 = 0, INITP_02 = 0, INITP_03 = 0, INITP_04 = 0, INITP_05 = 0, INITP_06 =
    0, INITP_07 = 0;
    parameter [255:0] INIT_00 = 0, INIT_01 = 0, INIT_02 = 0, INIT_03 = 0, INIT_04 = 0, INIT_05 = 0, INIT_06 = 0,
    INIT_07 = 0, INIT_08 = 0, INIT_09 = 0, INIT_0A = 0, INIT_0B = 0, INIT_0C = 0, INIT_0D = 0, INIT_0E = 0, INIT_0F =
    0, INIT_10 = 0, INIT_11 = 0, INIT_12 = 0, INIT_13 = 0, INIT_14 = 0, INIT_15 = 0, INIT_16 = 0, INIT_17 = 0, INIT_18
    = 0, INIT_19 = 0, INIT_1A = 0, INIT_1B = 0, INIT_1C = 0, INIT_1D = 0, INIT_1E = 0, INIT_1F = 0, INIT_20 = 0,
    INIT_21 = 0, INIT_22 = 0, INIT_23 = 0, INIT_24 = 0, INIT_25 = 0, INIT_26 = 0, INIT_27 = 0, INIT_28 = 0, INIT_29 =
    0, INIT_2A = 0, INIT_2B = 0, INIT_2C = 0, INIT_2D = 0, INIT_2E = 0, INIT_2F = 0, INIT_30 = 0, INIT_31 = 0, INIT_32
    = 0, INIT_33 = 0, INIT_34 = 0, INIT_35 = 0, INIT_36 = 0, INIT_37 = 0, INIT_38 = 0, INIT_39 = 0, INIT_3A = 0,
    INIT_3B = 0, INIT_3C = 0, INIT_3D = 0, INIT_3E = 0, INIT_3F = 0;
    localparam [64*256-1:0] DATA = {
        INIT_3F, INIT_3E, INIT_3D, INIT_3C, INIT_3B, INIT_3A, INIT_39, INIT_38, INIT_37, INIT_36, INIT_35, INIT_34,
        INIT_33, INIT_32, INIT_31, INIT_30, INIT_2F, INIT_2E, INIT_2D, INIT_2C, INIT_2B, INIT_2A, INIT_29, INIT_28,
        INIT_27, INIT_26, INIT_25, INIT_24, INIT_23, INIT_22, INIT_21, INIT_20, INIT_1F, INIT_1E, INIT_1D, INIT_1C,
        INIT_1B, INIT_1A, INIT_19, INIT_18, INIT_17, INIT_16, INIT_15, INIT_14, INIT_13, INIT_12, INIT_11, INIT_10,
        INIT_0F, INIT_0E, INIT_0D, INIT_0C, INIT_0B, INIT_0A, INIT_09, INIT_08, INIT_07, INIT_06, INIT_05, INIT_04,
        INIT_03, INIT_02, INIT_01, INIT_00
    };
    localparam [8*256-1:0] PARITY = {INITP_07, INITP_06, INITP_05, INITP_04, INITP_03, INITP_02, INITP_01, INITP_00};
    localparam SDP = RAM_MODE == "SDP";

    // four bytes of data and the four bits beside them
    reg [35:0] rows [0:511];
    reg [35:0] word_a, word_b;
    integer i;

    function known(input integer width);
        known = width == 0 || width == 1 || width == 2 || width == 4 || width == 9 || width == 18 || (SDP && width == 36);
    endfunction

    function mode_known(input [127:0] mode);
        mode_known = mode == "READ_FIRST" || mode == "WRITE_FIRST" || mode == "NO_CHANGE";
    endfunction

    initial begin
        if (!known(READ_WIDTH_A) || !known(READ_WIDTH_B) || !known(WRITE_WIDTH_A) || !known(WRITE_WIDTH_B))
            $fatal(1, "RAMB18E1: a width that is not modelled");
        if (RAM_MODE != "SDP" && RAM_MODE != "TDP") $fatal(1, "RAMB18E1: a RAM_MODE that is not modelled");
        if (SDP && (READ_WIDTH_B != 0 || WRITE_WIDTH_A != 0)) $fatal(1, "RAMB18E1: in SDP mode A reads and B writes");
        if (DOA_REG != 0 || DOB_REG != 0) $fatal(1, "RAMB18E1: output registers are not modelled");
        if (!mode_known(WRITE_MODE_A) || !mode_known(WRITE_MODE_B)) $fatal(1, "RAMB18E1: a WRITE_MODE that is not modelled");
        if (IS_CLKARDCLK_INVERTED || IS_CLKBWRCLK_INVERTED || IS_ENARDEN_INVERTED || IS_ENBWREN_INVERTED
            || IS_RSTRAMARSTRAM_INVERTED || IS_RSTRAMB_INVERTED) $fatal(1, "RAMB18E1: inversions are not modelled");
        word_a = SDP && READ_WIDTH_A == 36 ? {INIT_B, INIT_A} : {18'b0, INIT_A};
        word_b = {18'b0, INIT_B};
        for (i = 0; i < 512; i = i + 1) rows[i] = {
            PARITY[4*i + 3], DATA[32*i + 24 +: 8], PARITY[4*i + 2], DATA[32*i + 16 +: 8],
            PARITY[4*i + 1], DATA[32*i + 8 +: 8], PARITY[4*i], DATA[32*i +: 8]};
    end

    // Where a word begins in its row.
    function [5:0] place_of(input integer width, input [4:0] address);
        case (width)
            18: place_of = address[4] ? 18 : 0;
            9: place_of = 9 * address[4:3];
            4: place_of = 9 * address[4:3] + {address[2], 2'b0};
            2: place_of = 9 * address[4:3] + {address[2:1], 1'b0};
            1: place_of = 9 * address[4:3] + address[2:0];
            default: place_of = 0;
        endcase
    endfunction

    function [35:0] ones(input integer width);
        ones = width == 0 ? 0 : {36{1'b1}} >> (36 - width);
    endfunction

    // Bits of the row that a port writes.
    function [35:0] mask_of(input integer width, input [4:0] address, input [3:0] bytes);
        case (width)
            36: mask_of = {{9{bytes[3]}}, {9{bytes[2]}}, {9{bytes[1]}}, {9{bytes[0]}}};
            18: mask_of = {18'b0, {9{bytes[1]}}, {9{bytes[0]}}} << place_of(18, address);
            default: mask_of = bytes[0] ? ones(width) << place_of(width, address) : 0;
        endcase
    endfunction

    // A port as a word: each byte with the bit beside it.
    function [17:0] joined(input [1:0] parity, input [15:0] data);
        joined = {parity[1], data[15:8], parity[0], data[7:0]};
    endfunction

    wire [35:0] row_a = rows[ADDRARDADDR[13:5]];
    wire [35:0] row_b = rows[ADDRBWRADDR[13:5]];
    wire [35:0] given_b = WRITE_WIDTH_B == 36
        ? {joined(DIPBDIP, DIBDI), joined(DIPADIP, DIADI)} : {18'b0, joined(DIPBDIP, DIBDI)};
    wire [35:0] bits_a = {18'b0, joined(DIPADIP, DIADI)} << place_of(WRITE_WIDTH_A, ADDRARDADDR[4:0]);
    wire [35:0] bits_b = given_b << place_of(WRITE_WIDTH_B, ADDRBWRADDR[4:0]);
    wire [35:0] mask_a = ENARDEN ? mask_of(WRITE_WIDTH_A, ADDRARDADDR[4:0], {2'b0, WEA}) : 0;
    wire [35:0] mask_b = ENBWREN ? mask_of(WRITE_WIDTH_B, ADDRBWRADDR[4:0], WEBWE) : 0;
    wire [35:0] new_a = (row_a & ~mask_a) | (bits_a & mask_a);
    wire [35:0] new_b = (row_b & ~mask_b) | (bits_b & mask_b);
    wire same = ADDRARDADDR[13:5] == ADDRBWRADDR[13:5];
    // what the other port spoils
    wire [35:0] lost_a = same && WRITE_MODE_B != "READ_FIRST" ? mask_b : 0;
    wire [35:0] lost_b = same && WRITE_MODE_A != "READ_FIRST" ? mask_a : 0;

    function [35:0] shown(input [127:0] mode, input [35:0] row, input [35:0] written, input [35:0] lost,
                          input integer width, input [4:0] address);
        shown = (((mode == "WRITE_FIRST" ? written : row) ^ (lost & {$urandom, $urandom})) >> place_of(width, address))
            & ones(width);
    endfunction

    always @(posedge CLKARDCLK) begin
        if (same && (mask_a & mask_b) != 0) $fatal(1, "RAMB18E1: both ports write the same bits");
        if (mask_a != 0) rows[ADDRARDADDR[13:5]] <= (same ? (new_b & mask_b) | (new_a & ~mask_b) : new_a);
        if (mask_b != 0 && !(same && mask_a != 0)) rows[ADDRBWRADDR[13:5]] <= new_b;
        if (ENARDEN) begin
            if (RSTRAMARSTRAM) word_a <= SDP && READ_WIDTH_A == 36 ? {SRVAL_B, SRVAL_A} : {18'b0, SRVAL_A};
            else if (WRITE_MODE_A != "NO_CHANGE" || mask_a == 0)
                word_a <= shown(WRITE_MODE_A, row_a, new_a, lost_a, READ_WIDTH_A, ADDRARDADDR[4:0]);
        end
        if (ENBWREN) begin
            if (RSTRAMB) word_b <= {18'b0, SRVAL_B};
            else if (WRITE_MODE_B != "NO_CHANGE" || mask_b == 0)
                word_b <= shown(WRITE_MODE_B, row_b, new_b, lost_b, READ_WIDTH_B, ADDRBWRADDR[4:0]);
        end
    end
    always @(posedge CLKBWRCLK)
        if (!CLKARDCLK) $fatal(1, "RAMB18E1: two clocks are not modelled");

    wire [17:0] upper = READ_WIDTH_A == 36 ? word_a[35:18] : word_b[17:0];
    assign {DOPADOP[1], DOADO[15:8], DOPADOP[0], DOADO[7:0]} = word_a[17:0];
    assign {DOPBDOP[1], DOBDO[15:8], DOPBDOP[0], DOBDO[7:0]} = upper;
endmodule
