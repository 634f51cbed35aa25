// Half of a slice of an ECP5 as nextpnr places it: a table of four inputs with its share of the multiplexers, of a carry chain,
// or of a memory of 16 words. After yosys' model of the same name, and nextpnr's order of the pins of a memory.
module TRELLIS_COMB (
    input A, B, C, D, M, FCI, F1, FXA, FXB, WD, WAD0, WAD1, WAD2, WAD3, WRE, WCK,
    output F, FCO, OFX
);
    parameter [15:0] INITVAL = 0;
    parameter [127:0] MODE = "LOGIC", CCU2_INJECT1 = "NO", WREMUX = "WRE", WCKMUX = "WCK";
    // 1 where the multiplexer joins two others rather than two tables
    parameter [0:0] WIDE = 0;
    localparam [0:0] INJECTED = CCU2_INJECT1 == "YES";

    wire table_of_four = INITVAL[{D, C, B, A}];
    wire table_of_two = INITVAL[{2'b00, B, A}];
    generate
        if (MODE == "DPRAM") begin : memory
            reg [15:0] words = INITVAL;
            always @(posedge WCK) if (WRE) words[{WAD3, WAD2, WAD1, WAD0}] <= WD;
            assign F = words[{A, C, B, D}];
            assign FCO = 1'b0;
        end else if (MODE == "CCU2") begin : carry
            assign F = table_of_four ^ (FCI & ~INJECTED);
            assign FCO = table_of_four ? FCI : table_of_two & ~INJECTED;
        end else begin : plain
            assign F = table_of_four;
            assign FCO = 1'b0;
        end
    endgenerate
    assign OFX = WIDE ? (M ? FXB : FXA) : (M ? F1 : F);

    initial
        if (MODE != "LOGIC" && MODE != "CCU2" && MODE != "DPRAM") $fatal(1, "TRELLIS_COMB: a MODE that is not modelled");
        else if (WREMUX != "WRE" || WCKMUX != "WCK") $fatal(1, "TRELLIS_COMB: inversions are not modelled");
endmodule
