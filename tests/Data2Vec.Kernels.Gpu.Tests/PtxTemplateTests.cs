namespace Data2Vec.Kernels.Gpu.Tests;

public class PtxTemplateTests
{
    [Theory]
    [InlineData("<i:0..3|mov.f32 c$i, d$(2*i+1); >ret;", "mov.f32 c0, d1; mov.f32 c1, d3; mov.f32 c2, d5; ret;")]
    [InlineData("{<i:4..8|a$i|, >}", "{a4, a5, a6, a7}")]
    [InlineData("<g:0..2|<r:2*g..2*g+2|x$r$g;|,>|/>", "x00;,x10;/x21;,x31;")]
    [InlineData("<i:1..1|never <j:0..2|$j>|,>after", "after")]
    [InlineData("<i:0..2|<j:0..2*i|$j|,>;>", ";0,1;")]
    public void Loops_repeat_their_body(string template, string expected) => Assert.Equal(expected, PtxTemplate.Expand(template));

    [Theory]
    [InlineData("$(2+3*4)", "14")]
    [InlineData("$(10-4-3)", "3")]
    [InlineData("$(7/2*2)", "6")]
    [InlineData("$(6&3+1)", "4")]
    [InlineData("$(2*(1+ \t3))", "8")]
    [InlineData("#(0-8)", "0fC1000000")]
    [InlineData("#(7) #(0)", "0f40E00000 0f00000000")]
    public void Expressions_have_their_value(string template, string expected) => Assert.Equal(expected, PtxTemplate.Expand(template));

    [Fact]
    public void Text_outside_of_loops_stays()
    {
        const string text = ".reg .pred\t%p<107>;\n\tadd.u32 at, %r1, %r2; // a | b > c\n";
        Assert.Equal(text, PtxTemplate.Expand(text));
    }

    [Theory]
    [InlineData("<i:0..2|c$i;")]
    [InlineData("<i:0..2|c$j;>")]
    [InlineData("<i:0.2|c$i;>")]
    [InlineData("$(1+)")]
    [InlineData("$(1")]
    public void Malformed_templates_are_refused(string template) => Assert.Throws<FormatException>(() => PtxTemplate.Expand(template));
}
