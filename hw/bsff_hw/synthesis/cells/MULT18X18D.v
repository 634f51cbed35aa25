// Multiplier of an ECP5 (FPGA-TN-02205): 18 by 18 bits, each side signed or not, without cascades.
//
// The factors and the product may have registers; all have the first clock and the first clock enable, and none is reset.
// The signs are constants, so that it does not matter whether they have registers, too.
module MULT18X18D (
    input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, CLK3, CLK2, CLK1, CLK0, CE3, CE2, CE1, CE0, RST3, RST2, RST1, RST0,
    output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15,
    P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0, SIGNEDP
);
    parameter [127:0] REG_INPUTA_CLK = "NONE", REG_INPUTB_CLK = "NONE", REG_INPUTC_CLK = "NONE";
    parameter [127:0] REG_PIPELINE_CLK = "NONE", REG_OUTPUT_CLK = "NONE", MULT_BYPASS = "DISABLED";
    parameter [127:0] REG_INPUTA_CE = "CE0", REG_INPUTB_CE = "CE0", REG_OUTPUT_CE = "CE0";

    wire [17:0] a_in = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
    wire [17:0] b_in = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
    reg [17:0] a_held = 0, b_held = 0;
    wire [17:0] a_now = REG_INPUTA_CLK == "NONE" ? a_in : a_held;
    wire [17:0] b_now = REG_INPUTB_CLK == "NONE" ? b_in : b_held;
    wire signed [18:0] a = {SIGNEDA & a_now[17], a_now};
    wire signed [18:0] b = {SIGNEDB & b_now[17], b_now};
    wire signed [37:0] result = a * b;
    reg [35:0] held = 0;
    wire [35:0] product = REG_OUTPUT_CLK == "NONE" ? result[35:0] : held;
    always @(posedge CLK0) if (CE0) begin
        a_held <= a_in;
        b_held <= b_in;
        held <= result[35:0];
    end
    assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15,
    P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = product;
    assign SIGNEDP = SIGNEDA | SIGNEDB;

    function known(input [127:0] clock, input [127:0] enable);
        known = clock == "NONE" || (clock == "CLK0" && enable == "CE0");
    endfunction

    initial
        if (!known(REG_INPUTA_CLK, REG_INPUTA_CE) || !known(REG_INPUTB_CLK, REG_INPUTB_CE)
            || !known(REG_OUTPUT_CLK, REG_OUTPUT_CE) || REG_INPUTC_CLK != "NONE" || REG_PIPELINE_CLK != "NONE")
            $fatal(1, "MULT18X18D: such registers are not modelled");
        else if (MULT_BYPASS != "DISABLED") $fatal(1, "MULT18X18D: MULT_BYPASS is not modelled");
    localparam REGISTERED = REG_INPUTA_CLK != "NONE" || REG_INPUTB_CLK != "NONE" || REG_OUTPUT_CLK != "NONE";
    always @* if (RST0 && REGISTERED) $fatal(1, "MULT18X18D: a reset is not modelled");
    always @* if (SOURCEA || SOURCEB) $fatal(1, "MULT18X18D: shifted inputs are not modelled");
endmodule
