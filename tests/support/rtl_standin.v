// The ports of the machine with a few registers behind them; see rtl_helpers.py.
module bsff (
    input aclk, input aresetn,
    input [15:0] s_axi_awaddr, input [2:0] s_axi_awprot, input s_axi_awvalid, output s_axi_awready,
    input [31:0] s_axi_wdata, input [3:0] s_axi_wstrb, input s_axi_wvalid, output s_axi_wready,
    output reg [1:0] s_axi_bresp, output reg s_axi_bvalid, input s_axi_bready,
    input [15:0] s_axi_araddr, input [2:0] s_axi_arprot, input s_axi_arvalid, output s_axi_arready,
    output reg [31:0] s_axi_rdata, output reg [1:0] s_axi_rresp, output reg s_axi_rvalid, input s_axi_rready,
    output m_axi_arid, output reg [39:0] m_axi_araddr, output [3:0] m_axi_arlen, output [2:0] m_axi_arsize,
    output [1:0] m_axi_arburst, output [1:0] m_axi_arlock, output [3:0] m_axi_arcache, output [2:0] m_axi_arprot,
    output reg m_axi_arvalid, input m_axi_arready, input m_axi_rid, input [63:0] m_axi_rdata, input [1:0] m_axi_rresp,
    input m_axi_rlast, input m_axi_rvalid, output m_axi_rready,
    output busy
);
    // a write to 0x6c reads three beats from there: the last one, how many, and what was answered are kept
    reg [63:0] beat;
    reg [15:0] beats, lasts;
    reg [1:0] answer;
    assign m_axi_arid = 0, m_axi_arlen = 2, m_axi_arsize = 3, m_axi_arburst = 1;
    assign m_axi_arlock = 0, m_axi_arcache = 3, m_axi_arprot = 0;
    assign m_axi_rready = phase[0];

    reg [31:0] control, work, random;  // random has no reset
    reg [7:0] addresses, words, reads;
    reg [1:0] phase;
    reg hang, aw_held, w_held;
    reg [15:0] address;
    reg [31:0] word;

    assign busy = work != 0;
    assign s_axi_awready = !hang && !aw_held && phase == 0;
    assign s_axi_wready = !hang && !w_held && phase == 2;
    assign s_axi_arready = !hang && !s_axi_rvalid && phase == 1;

    always @(posedge aclk) begin
        phase <= phase + 1;
        if (busy) work <= work - 1;
        if (s_axi_awvalid && s_axi_awready) begin
            aw_held <= 1;
            address <= s_axi_awaddr;
            addresses <= addresses + 1;
        end
        if (s_axi_wvalid && s_axi_wready) begin
            w_held <= 1;
            word <= s_axi_wdata;
            words <= words + 1;
        end
        if (aw_held && w_held && !s_axi_bvalid) begin
            aw_held <= 0;
            w_held <= 0;
            s_axi_bvalid <= 1;
            s_axi_bresp <= 0;
            case (address)
                16'h0040: control <= word;
                16'h0064: work <= word;
                16'h006c: begin
                    m_axi_araddr <= word;
                    m_axi_arvalid <= 1;
                end
                16'h0084: hang <= 1;
                16'h0088: $finish;
                default: s_axi_bresp <= 2;
            endcase
        end
        if (m_axi_arvalid && m_axi_arready) m_axi_arvalid <= 0;
        if (m_axi_rvalid && m_axi_rready) begin
            beat <= m_axi_rdata;
            beats <= beats + 1;
            lasts <= lasts + m_axi_rlast;
            answer <= m_axi_rresp;
        end
        if (s_axi_bvalid && s_axi_bready) s_axi_bvalid <= 0;
        if (s_axi_arvalid && s_axi_arready) begin
            s_axi_rvalid <= 1;
            s_axi_rresp <= 0;
            reads <= reads + 1;
            case (s_axi_araddr)
                16'h0000: s_axi_rdata <= 32'h42534646;
                16'h0040: s_axi_rdata <= control;
                16'h0048: s_axi_rdata <= {31'd0, busy};
                16'h004c: s_axi_rdata <= {8'd0, addresses, words, reads};
                16'h0050: s_axi_rdata <= busy ? 32'd0 : 32'd16;
                16'h005c: s_axi_rdata <= control;
                16'h0064: s_axi_rdata <= work;
                16'h0070: s_axi_rdata <= beat[31:0];
                16'h0074: s_axi_rdata <= beat[63:32];
                16'h0078: s_axi_rdata <= {lasts[7:0], beats, 6'd0, answer};
                16'h0080: s_axi_rdata <= random;
                default: begin
                    s_axi_rdata <= 0;
                    s_axi_rresp <= 3;
                end
            endcase
        end
        if (s_axi_rvalid && s_axi_rready) s_axi_rvalid <= 0;
        if (!aresetn) begin
            {control, work, addresses, words, reads, phase} <= 0;
            {beat, beats, lasts, answer, m_axi_araddr, m_axi_arvalid} <= 0;
            {hang, aw_held, w_held, s_axi_bvalid, s_axi_rvalid} <= 0;
        end
    end
endmodule
