/* The tensors that a family may have: their names, parts and shapes. */

#include "family/shapes.h"

const SottoSlotInfo sotto_slot_infos[SOTTO_N_SLOTS] = {
  [SOTTO_SLOT_EMBEDDING] = { "token_embd",
                             SOTTO_PART_MODEL,
                             SOTTO_SIZE_EMBEDDING,
                             SOTTO_SIZE_VOCABULARY,
                             0,
                             NULL },
  [SOTTO_SLOT_EMBEDDING_NORM] = { "token_embd_norm",
                                  SOTTO_PART_MODEL,
                                  SOTTO_SIZE_EMBEDDING,
                                  0,
                                  0,
                                  NULL },
  [SOTTO_SLOT_POSITIONS] = { "position_embd",
                             SOTTO_PART_MODEL,
                             SOTTO_SIZE_EMBEDDING,
                             SOTTO_SIZE_ANY,
                             0,
                             NULL },
  [SOTTO_SLOT_TOKEN_TYPES] = { "token_types",
                               SOTTO_PART_MODEL,
                               SOTTO_SIZE_EMBEDDING,
                               SOTTO_SIZE_ANY,
                               0,
                               NULL },
  [SOTTO_SLOT_ROPE_FACTORS] = { "rope_freqs", SOTTO_PART_MODEL, SOTTO_SIZE_ROPE_PAIRS, 0, 0, NULL },
  [SOTTO_SLOT_ROPE_SHORT] = { "rope_factors_short",
                              SOTTO_PART_MODEL,
                              SOTTO_SIZE_ROPE_PAIRS,
                              0,
                              0,
                              NULL },
  [SOTTO_SLOT_ROPE_LONG] = { "rope_factors_long",
                             SOTTO_PART_MODEL,
                             SOTTO_SIZE_ROPE_PAIRS,
                             0,
                             0,
                             NULL },
  [SOTTO_SLOT_INPUT_TABLE] = { "per_layer_token_embd",
                               SOTTO_PART_INPUTS,
                               SOTTO_SIZE_INPUTS,
                               SOTTO_SIZE_ANY, /* Ollama's has none for pictures and sound */
                               0,
                               NULL },
  [SOTTO_SLOT_INPUT_PROJECTION] = { "per_layer_model_proj",
                                    SOTTO_PART_INPUTS,
                                    SOTTO_SIZE_EMBEDDING,
                                    SOTTO_SIZE_INPUTS,
                                    0,
                                    NULL },
  [SOTTO_SLOT_INPUT_NORM] = { "per_layer_proj_norm",
                              SOTTO_PART_INPUTS,
                              SOTTO_SIZE_INPUT,
                              0,
                              0,
                              NULL },
  [SOTTO_SLOT_STREAM_INPUT] = { "altup_proj",
                                SOTTO_PART_STREAMS,
                                SOTTO_SIZE_EMBEDDING,
                                SOTTO_SIZE_EMBEDDING,
                                SOTTO_SIZE_OTHER_STREAMS,
                                NULL },
  [SOTTO_SLOT_STREAM_OUTPUT] = { "altup_unembd_proj",
                                 SOTTO_PART_STREAMS,
                                 SOTTO_SIZE_EMBEDDING,
                                 SOTTO_SIZE_EMBEDDING,
                                 SOTTO_SIZE_OTHER_STREAMS,
                                 NULL },
  [SOTTO_SLOT_OUTPUT_NORM] = { "output_norm", SOTTO_PART_MODEL, SOTTO_SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_OUTPUT] = { "output",
                          SOTTO_PART_MODEL,
                          SOTTO_SIZE_EMBEDDING,
                          SOTTO_SIZE_VOCABULARY,
                          0,
                          NULL },
  [SOTTO_SLOT_POOLED_1] = { "dense_2",
                            SOTTO_PART_MODEL,
                            SOTTO_SIZE_EMBEDDING,
                            SOTTO_SIZE_ANY,
                            0,
                            NULL },
  [SOTTO_SLOT_POOLED_2] = { "dense_3", SOTTO_PART_MODEL, SOTTO_SIZE_ANY, SOTTO_SIZE_ANY, 0, NULL },

  [SOTTO_SLOT_ATTENTION_NORM] = { "attn_norm", SOTTO_PART_LAYER, SOTTO_SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_ATTENTION_NORM_2] = { "attn_norm_2",
                                    SOTTO_PART_LAYER,
                                    SOTTO_SIZE_EMBEDDING,
                                    0,
                                    0,
                                    NULL },
  [SOTTO_SLOT_POST_ATTENTION_NORM] = { "post_attention_norm",
                                       SOTTO_PART_LAYER,
                                       SOTTO_SIZE_EMBEDDING,
                                       0,
                                       0,
                                       NULL },
  [SOTTO_SLOT_ATTENTION_SUM_NORM] = { "attn_output_norm",
                                      SOTTO_PART_LAYER,
                                      SOTTO_SIZE_EMBEDDING,
                                      0,
                                      0,
                                      NULL },
  [SOTTO_SLOT_FEED_NORM] = { "ffn_norm", SOTTO_PART_LAYER, SOTTO_SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_POST_FEED_NORM] = { "post_ffw_norm",
                                  SOTTO_PART_LAYER,
                                  SOTTO_SIZE_EMBEDDING,
                                  0,
                                  0,
                                  NULL },
  [SOTTO_SLOT_FEED_SUM_NORM] = { "layer_output_norm",
                                 SOTTO_PART_LAYER,
                                 SOTTO_SIZE_EMBEDDING,
                                 0,
                                 0,
                                 NULL },
  [SOTTO_SLOT_LAYER_SCALE] = { "layer_output_scale", SOTTO_PART_LAYER, SOTTO_SIZE_ONE, 0, 0, NULL },
  [SOTTO_SLOT_LOW_RANK_DOWN] = { "laurel_l",
                                 SOTTO_PART_LAYER,
                                 SOTTO_SIZE_EMBEDDING,
                                 SOTTO_SIZE_ANY,
                                 0,
                                 NULL },
  [SOTTO_SLOT_LOW_RANK_UP] = { "laurel_r", SOTTO_PART_LAYER, SOTTO_SIZE_ANY, SOTTO_SIZE_EMBEDDING, 0, NULL },
  [SOTTO_SLOT_LOW_RANK_NORM] = { "laurel_post_norm", SOTTO_PART_LAYER, SOTTO_SIZE_EMBEDDING, 0, 0, NULL },

  [SOTTO_SLOT_QUERY] = { "attn_q",
                         SOTTO_PART_ATTENTION,
                         SOTTO_SIZE_EMBEDDING,
                         SOTTO_SIZE_QUERY,
                         0,
                         NULL },
  [SOTTO_SLOT_QUERY_NORM] = { "attn_q_norm",
                              SOTTO_PART_ATTENTION,
                              SOTTO_SIZE_QUERY_NORM,
                              0,
                              0,
                              NULL },
  [SOTTO_SLOT_QUERY_GATE] = { "attn_gate",
                              SOTTO_PART_ATTENTION,
                              SOTTO_SIZE_EMBEDDING,
                              SOTTO_SIZE_QUERY,
                              0,
                              NULL },
  [SOTTO_SLOT_SINKS] = { "attn_sinks", SOTTO_PART_ATTENTION, SOTTO_SIZE_HEADS, 0, 0, NULL },
  [SOTTO_SLOT_ATTENTION_OUTPUT] = { "attn_output",
                                    SOTTO_PART_ATTENTION,
                                    SOTTO_SIZE_ATTENDED,
                                    SOTTO_SIZE_EMBEDDING,
                                    0,
                                    NULL },

  [SOTTO_SLOT_KEY] = { "attn_k", SOTTO_PART_CACHE, SOTTO_SIZE_EMBEDDING, SOTTO_SIZE_KEY, 0, NULL },
  [SOTTO_SLOT_VALUE] = { "attn_v",
                         SOTTO_PART_CACHE,
                         SOTTO_SIZE_EMBEDDING,
                         SOTTO_SIZE_VALUE,
                         0,
                         NULL },
  [SOTTO_SLOT_KEY_NORM] = { "attn_k_norm", SOTTO_PART_CACHE, SOTTO_SIZE_KEY_NORM, 0, 0, NULL },

  [SOTTO_SLOT_QUERY_DOWN] = { "attn_q_a",
                              SOTTO_PART_LATENT,
                              SOTTO_SIZE_EMBEDDING,
                              SOTTO_SIZE_QUERY_LATENT,
                              0,
                              NULL },
  [SOTTO_SLOT_QUERY_DOWN_NORM] = { "attn_q_a_norm",
                                   SOTTO_PART_LATENT,
                                   SOTTO_SIZE_QUERY_LATENT,
                                   0,
                                   0,
                                   NULL },
  [SOTTO_SLOT_QUERY_UP] = { "attn_q_b",
                            SOTTO_PART_LATENT,
                            SOTTO_SIZE_QUERY_LATENT,
                            SOTTO_SIZE_QUERY,
                            0,
                            NULL },
  [SOTTO_SLOT_LATENT] = { "attn_kv_a_mqa",
                          SOTTO_PART_LATENT,
                          SOTTO_SIZE_EMBEDDING,
                          SOTTO_SIZE_LATENT_TURNED,
                          0,
                          NULL },
  [SOTTO_SLOT_LATENT_NORM] = { "attn_kv_a_norm", SOTTO_PART_LATENT, SOTTO_SIZE_LATENT, 0, 0, NULL },
  [SOTTO_SLOT_KEY_UP] = { "attn_k_b",
                          SOTTO_PART_LATENT,
                          SOTTO_SIZE_HEAD_PLAIN,
                          SOTTO_SIZE_LATENT,
                          SOTTO_SIZE_HEADS,
                          NULL },
  [SOTTO_SLOT_VALUE_UP] = { "attn_v_b",
                            SOTTO_PART_LATENT,
                            SOTTO_SIZE_LATENT,
                            SOTTO_SIZE_HEAD_VALUE,
                            SOTTO_SIZE_HEADS,
                            NULL },
  [SOTTO_SLOT_KEY_VALUE_UP] = { "attn_kv_b",
                                SOTTO_PART_LATENT,
                                SOTTO_SIZE_LATENT,
                                SOTTO_SIZE_KEY_VALUE_UP,
                                0,
                                NULL },

  [SOTTO_SLOT_DELTA_INPUT] = { "ssm_in",
                               SOTTO_PART_DELTA,
                               SOTTO_SIZE_EMBEDDING,
                               SOTTO_SIZE_DELTA_INPUT,
                               0,
                               NULL },
  [SOTTO_SLOT_DELTA_MIXED] = { "attn_qkv",
                               SOTTO_PART_DELTA,
                               SOTTO_SIZE_EMBEDDING,
                               SOTTO_SIZE_DELTA_CHANNELS,
                               0,
                               NULL },
  [SOTTO_SLOT_DELTA_GATE] = { "attn_gate",
                              SOTTO_PART_DELTA,
                              SOTTO_SIZE_EMBEDDING,
                              SOTTO_SIZE_DELTA_VALUES,
                              0,
                              NULL },
  [SOTTO_SLOT_DELTA_ALPHA] = { "ssm_alpha",
                               SOTTO_PART_DELTA,
                               SOTTO_SIZE_EMBEDDING,
                               SOTTO_SIZE_DELTA_HEADS,
                               0,
                               NULL },
  [SOTTO_SLOT_DELTA_BETA] = { "ssm_beta",
                              SOTTO_PART_DELTA,
                              SOTTO_SIZE_EMBEDDING,
                              SOTTO_SIZE_DELTA_HEADS,
                              0,
                              NULL },
  [SOTTO_SLOT_DELTA_BETA_ALPHA] = { "ssm_ba",
                                    SOTTO_PART_DELTA,
                                    SOTTO_SIZE_EMBEDDING,
                                    SOTTO_SIZE_DELTA_TWICE,
                                    0,
                                    NULL },
  [SOTTO_SLOT_DELTA_CONVOLUTION] = { "ssm_conv1d",
                                     SOTTO_PART_DELTA,
                                     SOTTO_SIZE_CONVOLUTION,
                                     SOTTO_SIZE_NONE,
                                     0,
                                     NULL },
  [SOTTO_SLOT_DELTA_RATES] = { "ssm_a", SOTTO_PART_DELTA, SOTTO_SIZE_DELTA_HEADS, 0, 0, "" },
  [SOTTO_SLOT_DELTA_STEP_BIAS] = { "ssm_dt",
                                   SOTTO_PART_DELTA,
                                   SOTTO_SIZE_DELTA_HEADS,
                                   0,
                                   0,
                                   ".bias" },
  [SOTTO_SLOT_DELTA_NORM] = { "ssm_norm", SOTTO_PART_DELTA, SOTTO_SIZE_STATE_VALUE, 0, 0, NULL },
  [SOTTO_SLOT_DELTA_OUTPUT] = { "ssm_out",
                                SOTTO_PART_DELTA,
                                SOTTO_SIZE_DELTA_VALUES,
                                SOTTO_SIZE_EMBEDDING,
                                0,
                                NULL },

  [SOTTO_SLOT_CONVOLUTION_INPUT] = { "shortconv.in_proj",
                                     SOTTO_PART_CONVOLUTION,
                                     SOTTO_SIZE_EMBEDDING,
                                     SOTTO_SIZE_GATED_CHANNELS,
                                     0,
                                     NULL },
  [SOTTO_SLOT_CONVOLUTION] = { "shortconv.conv",
                               SOTTO_PART_CONVOLUTION,
                               SOTTO_SIZE_SHORT_CONVOLUTION,
                               SOTTO_SIZE_NONE,
                               0,
                               NULL },
  [SOTTO_SLOT_CONVOLUTION_BIAS] = { "shortconv.conv", SOTTO_PART_CONVOLUTION, SOTTO_SIZE_EMBEDDING, 0, 0, ".bias" },
  [SOTTO_SLOT_CONVOLUTION_OUTPUT] = { "shortconv.out_proj",
                                      SOTTO_PART_CONVOLUTION,
                                      SOTTO_SIZE_EMBEDDING,
                                      SOTTO_SIZE_EMBEDDING,
                                      0,
                                      NULL },

  [SOTTO_SLOT_SCAN_INPUT] = { "ssm_in",
                              SOTTO_PART_SCAN,
                              SOTTO_SIZE_EMBEDDING,
                              SOTTO_SIZE_SCAN_INPUT,
                              0,
                              NULL },
  [SOTTO_SLOT_SCAN_CONVOLUTION] = { "ssm_conv1d",
                                    SOTTO_PART_SCAN,
                                    SOTTO_SIZE_SCAN_CONVOLUTION,
                                    SOTTO_SIZE_NONE,
                                    0,
                                    NULL },
  [SOTTO_SLOT_SCAN_CONVOLUTION_BIAS] = { "ssm_conv1d", SOTTO_PART_SCAN, SOTTO_SIZE_SCAN_CHANNELS, 0, 0, ".bias" },
  [SOTTO_SLOT_SCAN_RATES] = { "ssm_a", SOTTO_PART_SCAN, SOTTO_SIZE_DELTA_HEADS, 0, 0, "" },
  [SOTTO_SLOT_SCAN_STEP_BIAS] = { "ssm_dt", SOTTO_PART_SCAN, SOTTO_SIZE_DELTA_HEADS, 0, 0, ".bias" },
  [SOTTO_SLOT_SCAN_SKIPS] = { "ssm_d", SOTTO_PART_SCAN, SOTTO_SIZE_DELTA_HEADS, 0, 0, "" },
  [SOTTO_SLOT_SCAN_NORM] = { "ssm_norm", SOTTO_PART_SCAN, SOTTO_SIZE_DELTA_VALUES, 0, 0, NULL },
  [SOTTO_SLOT_SCAN_OUTPUT] = { "ssm_out",
                               SOTTO_PART_SCAN,
                               SOTTO_SIZE_DELTA_VALUES,
                               SOTTO_SIZE_EMBEDDING,
                               0,
                               NULL },

  [SOTTO_SLOT_GATE] = { "ffn_gate",
                        SOTTO_PART_DENSE,
                        SOTTO_SIZE_EMBEDDING,
                        SOTTO_SIZE_FEED_FORWARD,
                        0,
                        NULL },
  [SOTTO_SLOT_UP] = { "ffn_up",
                      SOTTO_PART_DENSE,
                      SOTTO_SIZE_EMBEDDING,
                      SOTTO_SIZE_FEED_FORWARD,
                      0,
                      NULL },
  [SOTTO_SLOT_DOWN] = { "ffn_down",
                        SOTTO_PART_DENSE,
                        SOTTO_SIZE_FEED_FORWARD,
                        SOTTO_SIZE_EMBEDDING,
                        0,
                        NULL },

  [SOTTO_SLOT_ROUTER] = { "ffn_gate_inp",
                          SOTTO_PART_EXPERTS,
                          SOTTO_SIZE_EMBEDDING,
                          SOTTO_SIZE_EXPERTS,
                          0,
                          NULL },
  [SOTTO_SLOT_ROUTER_SCALE] = { "ffn_gate_inp",
                                SOTTO_PART_EXPERTS,
                                SOTTO_SIZE_EMBEDDING,
                                0,
                                0,
                                ".scale" },
  [SOTTO_SLOT_SELECTION_BIAS] = { "exp_probs_b",
                                  SOTTO_PART_EXPERTS,
                                  SOTTO_SIZE_EXPERTS,
                                  0,
                                  0,
                                  ".bias" },
  [SOTTO_SLOT_EXPERT_GATE] = { "ffn_gate_exps",
                               SOTTO_PART_EXPERTS,
                               SOTTO_SIZE_EMBEDDING,
                               SOTTO_SIZE_EXPERT_FEED_FORWARD,
                               SOTTO_SIZE_EXPERTS,
                               NULL },
  [SOTTO_SLOT_EXPERT_UP] = { "ffn_up_exps",
                             SOTTO_PART_EXPERTS,
                             SOTTO_SIZE_EMBEDDING,
                             SOTTO_SIZE_EXPERT_FEED_FORWARD,
                             SOTTO_SIZE_EXPERTS,
                             NULL },
  [SOTTO_SLOT_EXPERT_DOWN] = { "ffn_down_exps",
                               SOTTO_PART_EXPERTS,
                               SOTTO_SIZE_EXPERT_FEED_FORWARD,
                               SOTTO_SIZE_EMBEDDING,
                               SOTTO_SIZE_EXPERTS,
                               NULL },
  [SOTTO_SLOT_EXPERTS_NORM] = { "pre_ffw_norm_2",
                                SOTTO_PART_EXPERTS,
                                SOTTO_SIZE_EMBEDDING,
                                0,
                                0,
                                NULL },
  [SOTTO_SLOT_POST_DENSE_NORM] = { "post_ffw_norm_1",
                                   SOTTO_PART_EXPERTS,
                                   SOTTO_SIZE_EMBEDDING,
                                   0,
                                   0,
                                   NULL },
  [SOTTO_SLOT_POST_EXPERTS_NORM] = { "post_ffw_norm_2",
                                     SOTTO_PART_EXPERTS,
                                     SOTTO_SIZE_EMBEDDING,
                                     0,
                                     0,
                                     NULL },

  [SOTTO_SLOT_SHARED_SWITCH] = { "ffn_gate_inp_shexp",
                                 SOTTO_PART_SHARED,
                                 SOTTO_SIZE_EMBEDDING,
                                 SOTTO_SIZE_ONE,
                                 0,
                                 NULL },
  [SOTTO_SLOT_SHARED_GATE] = { "ffn_gate_shexp",
                               SOTTO_PART_SHARED,
                               SOTTO_SIZE_EMBEDDING,
                               SOTTO_SIZE_SHARED_FEED_FORWARD,
                               0,
                               NULL },
  [SOTTO_SLOT_SHARED_UP] = { "ffn_up_shexp",
                             SOTTO_PART_SHARED,
                             SOTTO_SIZE_EMBEDDING,
                             SOTTO_SIZE_SHARED_FEED_FORWARD,
                             0,
                             NULL },
  [SOTTO_SLOT_SHARED_DOWN] = { "ffn_down_shexp",
                               SOTTO_PART_SHARED,
                               SOTTO_SIZE_SHARED_FEED_FORWARD,
                               SOTTO_SIZE_EMBEDDING,
                               0,
                               NULL },

  [SOTTO_SLOT_INPUT_GATE] = { "inp_gate",
                              SOTTO_PART_INPUTS,
                              SOTTO_SIZE_EMBEDDING,
                              SOTTO_SIZE_INPUT,
                              0,
                              NULL },
  [SOTTO_SLOT_INPUT_OUTPUT] = { "proj",
                                SOTTO_PART_INPUTS,
                                SOTTO_SIZE_INPUT,
                                SOTTO_SIZE_EMBEDDING,
                                0,
                                NULL },
  [SOTTO_SLOT_POST_INPUT_NORM] = { "post_norm",
                                   SOTTO_PART_INPUTS,
                                   SOTTO_SIZE_EMBEDDING,
                                   0,
                                   0,
                                   NULL },

  [SOTTO_SLOT_STREAM_ROUTER] = { "altup_router", SOTTO_PART_STREAMS, SOTTO_SIZE_STREAM_ROUTER, 0, 0, NULL },
  [SOTTO_SLOT_STREAM_ROUTER_NORM] = { "altup_router_norm", SOTTO_PART_STREAMS, SOTTO_SIZE_EMBEDDING, 0, 0, NULL },
  [SOTTO_SLOT_STREAM_PREDICTION] = { "altup_predict_coef",
                                     SOTTO_PART_STREAMS,
                                     SOTTO_SIZE_STREAM_PREDICTION,
                                     0,
                                     0,
                                     NULL },
  [SOTTO_SLOT_STREAM_CORRECTION] = { "altup_correct_coef",
                                     SOTTO_PART_STREAMS,
                                     SOTTO_SIZE_STREAM_CORRECTION,
                                     0,
                                     0,
                                     NULL },
  [SOTTO_SLOT_STREAM_SCALE] = { "altup_correct_scale", SOTTO_PART_STREAMS, SOTTO_SIZE_EMBEDDING, 0, 0, NULL },
};

static guint
get_norm_size (const SottoFamily *family, guint n_heads, guint n_key)
{
  return family->span == SOTTO_SPAN_HEAD ? n_key : n_heads * n_key;
}

static guint
get_layer_size (const SottoSizes      *sizes,
                const SottoFamily     *family,
                const SottoLayerSizes *layer,
                SottoSize              size)
{
  switch (size)
    {
    case SOTTO_SIZE_QUERY:
      return layer->n_heads * layer->n_key * (family->gated_query ? 2 : 1);
    case SOTTO_SIZE_KEY:
      return layer->n_kv_heads * layer->n_key;
    case SOTTO_SIZE_VALUE:
      return layer->n_kv_heads * layer->n_value;
    case SOTTO_SIZE_ATTENDED:
      return layer->n_heads * layer->n_value;
    case SOTTO_SIZE_HEADS:
      return layer->n_heads;
    case SOTTO_SIZE_QUERY_NORM:
      return get_norm_size (family, layer->n_heads, layer->n_key);
    case SOTTO_SIZE_KEY_NORM:
      return get_norm_size (family, layer->n_kv_heads, layer->n_key);
    case SOTTO_SIZE_HEAD_VALUE:
      return layer->n_value;
    case SOTTO_SIZE_KEY_VALUE_UP:
      return layer->n_heads * (sizes->n_plain + layer->n_value);
    case SOTTO_SIZE_FEED_FORWARD:
      return layer->n_feed_forward;
    case SOTTO_SIZE_EXPERT_FEED_FORWARD:
      return layer->n_expert_feed_forward;
    case SOTTO_SIZE_SHARED_FEED_FORWARD:
      return layer->n_shared_feed_forward;
    default:
      return 1;
    }
}

guint
sotto_size_get (const SottoSizes *sizes, const SottoFamily *family, guint layer, SottoSize size)
{
  switch (size)
    {
    case SOTTO_SIZE_EMBEDDING:
      return sizes->n_embedding;
    case SOTTO_SIZE_QUERY_LATENT:
      return sizes->n_query_latent;
    case SOTTO_SIZE_LATENT:
      return sizes->n_latent;
    case SOTTO_SIZE_LATENT_TURNED:
      return sizes->n_latent + sizes->n_turned;
    case SOTTO_SIZE_HEAD_PLAIN:
      return sizes->n_plain;
    case SOTTO_SIZE_DELTA_CHANNELS:
      return 2 * sizes->n_key_heads * sizes->n_state_key
             + sizes->n_value_heads * sizes->n_state_value;
    case SOTTO_SIZE_DELTA_VALUES:
      return sizes->n_value_heads * sizes->n_state_value;
    case SOTTO_SIZE_DELTA_HEADS:
      return sizes->n_value_heads;
    case SOTTO_SIZE_DELTA_TWICE:
      return 2 * sizes->n_value_heads;
    case SOTTO_SIZE_DELTA_INPUT:
      return sotto_size_get (sizes, family, layer, SOTTO_SIZE_DELTA_CHANNELS)
             + sotto_size_get (sizes, family, layer, SOTTO_SIZE_DELTA_VALUES);
    case SOTTO_SIZE_CONVOLUTION:
      return sizes->n_conv * sotto_size_get (sizes, family, layer, SOTTO_SIZE_DELTA_CHANNELS);
    case SOTTO_SIZE_STATE_VALUE:
      return sizes->n_state_value;
    case SOTTO_SIZE_GATED_CHANNELS:
      return 3 * sizes->n_embedding;
    case SOTTO_SIZE_SHORT_CONVOLUTION:
      return sizes->n_conv * sizes->n_embedding;
    case SOTTO_SIZE_SCAN_CHANNELS:
      return sizes->n_value_heads * sizes->n_state_value + 2 * sizes->n_key_heads * sizes->n_state_key;
    case SOTTO_SIZE_SCAN_INPUT:
      return sotto_size_get (sizes, family, layer, SOTTO_SIZE_SCAN_CHANNELS)
             + sizes->n_value_heads * (sizes->n_state_value + 1);
    case SOTTO_SIZE_SCAN_CONVOLUTION:
      return sizes->n_conv * sotto_size_get (sizes, family, layer, SOTTO_SIZE_SCAN_CHANNELS);
    case SOTTO_SIZE_EXPERTS:
      return sizes->n_experts;
    case SOTTO_SIZE_VOCABULARY:
      return sizes->n_vocabulary;
    case SOTTO_SIZE_ROPE_PAIRS:
      return sizes->n_turned / 2;
    case SOTTO_SIZE_INPUT:
      return sizes->n_input;
    case SOTTO_SIZE_INPUTS:
      return sizes->n_input * sizes->n_layers;
    case SOTTO_SIZE_OTHER_STREAMS:
      return sizes->n_streams - 1;
    case SOTTO_SIZE_STREAM_ROUTER:
      return sizes->n_streams * sizes->n_embedding;
    case SOTTO_SIZE_STREAM_PREDICTION:
      return sizes->n_streams * sizes->n_streams * sizes->n_streams;
    case SOTTO_SIZE_STREAM_CORRECTION:
      return sizes->n_streams * sizes->n_streams;
    default:
      return get_layer_size (sizes, family, &sizes->layers[layer], size);
    }
}
