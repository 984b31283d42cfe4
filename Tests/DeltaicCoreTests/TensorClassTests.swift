import DeltaicCore
import Testing

@Suite struct TensorClassTests {
    @Test(
        "tensors of known models have the class that they are",
        arguments: [
            ("encoder.layer.0.attention.output.dense.weight", [384, 384], TensorClass.linear),
            ("encoder.layer.0.output.dense.bias", [384], .bias),
            ("encoder.layer.0.output.LayerNorm.weight", [384], .norm),
            ("embeddings.word_embeddings.weight", [30_522, 384], .embedding),
            ("model.embed_tokens.weight", [32_000, 4096], .embedding),
            ("lm_head.weight", [32_000, 4096], .head), ("classifier.weight", [3, 384], .head),
            ("model.layers.0.mlp.gate_proj.weight", [11_008, 4096], .linear),
            ("model.layers.0.mlp.experts.gate_up_proj", [8, 4096, 1024], .linear),
            // GPT-NeoX, ChatGLM, InternLM2 and the first LLaMA.
            ("embed_out.weight", [50_304, 512], .head), ("gpt_neox.embed_in.weight", [50_304, 512], .embedding),
            ("transformer.output_layer.weight", [65_024, 4096], .head), ("output.weight", [92_544, 4096], .head),
            ("model.tok_embeddings.weight", [92_544, 4096], .embedding),
            ("tok_embeddings.weight", [32_000, 4096], .embedding),
            // Vision.
            ("pos_embed", [1, 197, 768], .embedding), ("cls_token", [1, 1, 768], .embedding),
            ("patch_embed.proj.weight", [768, 3, 16, 16], .linear),
            ("vit.embeddings.patch_embeddings.projection.weight", [768, 3, 16, 16], .linear),
            ("blocks.0.attn.qkv.weight", [2304, 768], .linear),
            // T5.
            ("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", [32, 12], .embedding),
            ("decoder.block.0.layer.0.SelfAttention.o.weight", [768, 768], .linear),
            ("shared.weight", [32_128, 768], .embedding),
            // The word may be anywhere in a part, in any letter case, and is no word of its own.
            ("model.norm.weight", [768], .norm), ("h.0.xNORMy.weight", [768], .norm), ("a.nnorm", [768], .norm),
            ("a.nor.m.weight", [768, 768], .linear), ("a.no", [768], .bias), ("", [768], .bias),
            ("a.decoder_position_bias_2.weight", [32, 12], .embedding),
        ])
    func known(_ name: String, _ dimensions: [Int], _ expected: TensorClass) throws {
        #expect(TensorClass(name: name, type: .bfloat16, shape: try #require(TensorShape(dimensions))) == expected)
    }

    @Test("what is no floating-point tensor of rank 1 or more is another thing")
    func others() throws {
        #expect(
            TensorClass(name: "embeddings.position_ids", type: .int64, shape: try #require(TensorShape([1, 512])))
                == .other)
        #expect(TensorClass(name: "logit_scale", type: .float32, shape: try #require(TensorShape([]))) == .other)
    }
}
