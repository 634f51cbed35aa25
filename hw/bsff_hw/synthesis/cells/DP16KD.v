// Block RAM of an ECP5: 1,024 rows of 18 bits, two ports.
//
// After FPGA-TN-02204 (memory usage guide), for what our netlists use: no output register, synchronous or no reset, ports
// of 1 to 18 bits that read and write, or a 36-bit side (A writes, B reads) across all data pins. A read of a row that
// the other port writes in the same cycle is undefined there, and random here, so that a netlist that needs it fails.
module DP16KD (
    input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2,
    DIA1, DIA0,
    input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
    DOA1, DOA0,
    input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2,
    DIB1, DIB0,
    input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
    DOB1, DOB0
);
    parameter integer DATA_WIDTH_A = 18, DATA_WIDTH_B = 18;
    // of 128 bits, so that yosys' longest and shortest words compare alike
    parameter [127:0] REGMODE_A = "NOREG", REGMODE_B = "NOREG", RESETMODE = "SYNC", ASYNC_RESET_RELEASE = "SYNC";
    parameter [127:0] CSDECODE_A = "0b000", CSDECODE_B = "0b000", WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";
    parameter [127:0] CLKAMUX = "CLKA", CLKBMUX = "CLKB", GSR = "ENABLED";
    parameter [319:0] INITVAL_00 = 0, INITVAL_01 = 0, INITVAL_02 = 0, INITVAL_03 = 0, INITVAL_04 = 0, INITVAL_05 = 0,
    INITVAL_06 = 0, INITVAL_07 = 0, INITVAL_08 = 0, INITVAL_09 = 0, INITVAL_0A = 0, INITVAL_0B = 0, INITVAL_0C = 0,
    INITVAL_0D = 0, INITVAL_0E = 0, INITVAL_0F = 0, INITVAL_10 = 0, INITVAL_11 = 0, INITVAL_12 = 0, INITVAL_13 = 0,
    INITVAL_14 = 0, INITVAL_15 = 0, INITVAL_16 = 0, INITVAL_17 = 0, INITVAL_18 = 0, INITVAL_19 = 0, INITVAL_1A = 0,
    INITVAL_1B = 0, INITVAL_1C = 0, INITVAL_1D = 0, INITVAL_1E = 0, INITVAL_1F = 0, INITVAL_20 = 0, INITVAL_21 = 0,
    INITVAL_22 = 0, INITVAL_23 = 0, INITVAL_24 = 0, INITVAL_25 = 0, INITVAL_26 = 0, INITVAL_27 = 0, INITVAL_28 = 0,
    INITVAL_29 = 0, INITVAL_2A = 0, INITVAL_2B = 0, INITVAL_2C = 0, INITVAL_2D = 0, INITVAL_2E = 0, INITVAL_2F = 0,
    INITVAL_30 = 0, INITVAL_31 = 0, INITVAL_32 = 0, INITVAL_33 = 0, INITVAL_34 = 0, INITVAL_35 = 0, INITVAL_36 = 0,
    INITVAL_37 = 0, INITVAL_38 = 0, INITVAL_39 = 0, INITVAL_3A = 0, INITVAL_3B = 0, INITVAL_3C = 0, INITVAL_3D = 0,
    INITVAL_3E = 0, INITVAL_3F = 0;

    localparam [64*320-1:0] INITIAL = {
        INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38, INITVAL_37,
        INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E,
        INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25,
        INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
        INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13,
        INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A,
        INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01,
        INITVAL_00
    };
    wire [17:0] data_a = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
    DIA3, DIA2, DIA1, DIA0};
    wire [13:0] address_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
    wire [17:0] data_b = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
    DIB3, DIB2, DIB1, DIB0};
    wire [13:0] address_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
    wire [17:0] out_a, out_b;
    assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
    DOA1, DOA0} = out_a;
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
    DOB1, DOB0} = out_b;

    reg [17:0] rows [0:1023];  // two bytes of nine bits each
    reg [35:0] word_a, word_b;  // what the ports show, in the lowest bits
    integer i;

    // Bits of a row pair that a port of a width means by an address.
    function [35:0] mask_of(input integer width, input [13:0] address);
        case (width)
            36: mask_of = {{9{address[3]}}, {9{address[2]}}, {9{address[1]}}, {9{address[0]}}};
            18: mask_of = {18'b0, {9{address[1]}}, {9{address[0]}}};
            default: mask_of = ((36'b1 << width) - 1) << place_of(width, address);
        endcase
    endfunction

    // Where a narrow word lies in its row: four bits and less leave the ninth of their byte alone.
    function [4:0] place_of(input integer width, input [13:0] address);
        case (width)
            9: place_of = address[3] ? 9 : 0;
            4: place_of = (address[3] ? 9 : 0) + {address[2], 2'b0};
            2: place_of = (address[3] ? 9 : 0) + {address[2:1], 1'b0};
            1: place_of = (address[3] ? 9 : 0) + address[2:0];
            default: place_of = 0;
        endcase
    endfunction

    // The row, or the lower of two.
    function [9:0] row_of(input integer width, input [13:0] address);
        row_of = width == 36 ? {address[13:5], 1'b0} : address[13:4];
    endfunction

    function [35:0] word_of(input integer width, input [13:0] address, input [35:0] pair);
        word_of = width >= 18 ? pair : (pair >> place_of(width, address)) & ((36'b1 << width) - 1);
    endfunction

    function known(input integer width);
        known = width == 1 || width == 2 || width == 4 || width == 9 || width == 18 || width == 36;
    endfunction

    initial begin
        if (!known(DATA_WIDTH_A) || !known(DATA_WIDTH_B)) $fatal(1, "DP16KD: a width that is not modelled");
        if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG") $fatal(1, "DP16KD: output registers are not modelled");
        if (CSDECODE_A != "0b000" || CSDECODE_B != "0b000") $fatal(1, "DP16KD: CSDECODE is not modelled");
        if (CLKAMUX != "CLKA" || CLKBMUX != "CLKB") $fatal(1, "DP16KD: inverted clocks are not modelled");
        if (RESETMODE != "SYNC" && RESETMODE != "ASYNC") $fatal(1, "DP16KD: a RESETMODE that is not modelled");
        if (!mode_known(WRITEMODE_A) || !mode_known(WRITEMODE_B)) $fatal(1, "DP16KD: a WRITEMODE that is not modelled");
        word_a = 0;
        word_b = 0;
        for (i = 0; i < 1024; i = i + 1) rows[i] = INITIAL[20*i +: 18];  // 18 bits in every 20
    end

    function mode_known(input [127:0] mode);
        mode_known = mode == "NORMAL" || mode == "WRITETHROUGH" || mode == "READBEFOREWRITE";
    endfunction

    // A side of 36 bits has the data pins of both ports: A only writes, B only reads.
    wire [35:0] pair_a = {rows[row_of(DATA_WIDTH_A, address_a) | 10'd1], rows[row_of(DATA_WIDTH_A, address_a)]};
    wire [35:0] pair_b = {rows[row_of(DATA_WIDTH_B, address_b) | 10'd1], rows[row_of(DATA_WIDTH_B, address_b)]};
    wire on_a = CEA && {CSA2, CSA1, CSA0} == 0;
    wire on_b = CEB && {CSB2, CSB1, CSB0} == 0;
    wire write_a = on_a && WEA && !(RESETMODE == "SYNC" && RSTA);
    wire write_b = on_b && WEB && !(RESETMODE == "SYNC" && RSTB);
    wire [35:0] mask_a = mask_of(DATA_WIDTH_A, address_a);
    wire [35:0] mask_b = mask_of(DATA_WIDTH_B, address_b);
    wire [35:0] bits_a = DATA_WIDTH_A == 36 ? {data_b, data_a} : {18'b0, data_a} << place_of(DATA_WIDTH_A, address_a);
    wire [35:0] bits_b = {18'b0, data_b} << place_of(DATA_WIDTH_B, address_b);
    wire [35:0] new_a = (pair_a & ~mask_a) | (bits_a & mask_a);
    wire [35:0] new_b = (pair_b & ~mask_b) | (bits_b & mask_b);
    // conservative: a whole row, or pair where a side is 36 bits wide
    wire meet = (DATA_WIDTH_A == 36 || DATA_WIDTH_B == 36)
        ? address_a[13:5] == address_b[13:5] : address_a[13:4] == address_b[13:4];

    always @(posedge CLKA) begin
        if (RESETMODE == "ASYNC" && RSTA) $fatal(1, "DP16KD: an asynchronous reset is not modelled");
        if (DATA_WIDTH_B == 36 && WEB && CEB) $fatal(1, "DP16KD: B of 36 bits cannot write");
        if (write_a && write_b && meet) $fatal(1, "DP16KD: both ports write one row");
        if (write_a) begin
            rows[row_of(DATA_WIDTH_A, address_a)] <= new_a[17:0];
            if (DATA_WIDTH_A == 36) rows[row_of(DATA_WIDTH_A, address_a) | 10'd1] <= new_a[35:18];
        end
        if (RSTA) word_a <= 0;
        else if (on_a) begin
            if (write_b && meet) word_a <= {4'b0, $urandom};
            else if (!write_a || WRITEMODE_A == "READBEFOREWRITE") word_a <= word_of(DATA_WIDTH_A, address_a, pair_a);
            else if (WRITEMODE_A == "WRITETHROUGH") word_a <= word_of(DATA_WIDTH_A, address_a, new_a);
        end
    end

    always @(posedge CLKB) begin
        if (RESETMODE == "ASYNC" && RSTB) $fatal(1, "DP16KD: an asynchronous reset is not modelled");
        if (write_b) rows[row_of(DATA_WIDTH_B, address_b)] <= new_b[17:0];
        if (RSTB) word_b <= 0;
        else if (on_b) begin
            if (write_a && meet) word_b <= {$urandom, $urandom};
            else if (!write_b || WRITEMODE_B == "READBEFOREWRITE") word_b <= word_of(DATA_WIDTH_B, address_b, pair_b);
            else if (WRITEMODE_B == "WRITETHROUGH") word_b <= word_of(DATA_WIDTH_B, address_b, new_b);
        end
    end

    assign out_a = DATA_WIDTH_B == 36 ? word_b[17:0] : word_a[17:0];
    assign out_b = DATA_WIDTH_B == 36 ? word_b[35:18] : word_b[17:0];
endmodule
