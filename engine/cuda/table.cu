/* The table that a module exports. */

#include "cuda/device.h"
#include "cuda/operations.h"

extern "C" __attribute__ ((visibility ("default"))) const SottoCudaModule *sotto_cuda_module_get (void);

/* Filled in when it is opened, since what a module says of itself is known in another file. */
static const SottoCudaModule module = {
  .abi = SOTTO_CUDA_ABI,
  .toolkit = sotto_cuda_toolkit,
  .architectures = sotto_cuda_architectures,
  .newest_virtual = sotto_cuda_newest_virtual,
  .driver = sotto_cuda_driver,
  .list = sotto_cuda_list,
  .open = sotto_cuda_open,
  .close = sotto_cuda_close,
  .problem = sotto_cuda_problem,
  .refusal = sotto_cuda_refusal,
  .rehearse = sotto_cuda_rehearse,
  .forgo = sotto_cuda_forgo,
  .measure = sotto_cuda_measure,
  .allocate = sotto_cuda_allocate,
  .release = sotto_cuda_release,
  .clear = sotto_cuda_clear,
  .upload = sotto_cuda_upload,
  .download = sotto_cuda_download,
  .copy = sotto_cuda_copy,
  .wait = sotto_cuda_wait,
  .record = sotto_cuda_record,
  .recorded = sotto_cuda_recorded,
  .repeat = sotto_cuda_repeat,
  .forget = sotto_cuda_forget,
  .embed = sotto_cuda_embed,
  .norm = sotto_cuda_norm,
  .add = sotto_cuda_add,
  .quantise = sotto_cuda_quantise,
  .multiply = sotto_cuda_multiply,
  .heads = sotto_cuda_heads,
  .attend_partial_floats = sotto_cuda_attend_partial_floats,
  .attend = sotto_cuda_attend,
  .gate = sotto_cuda_gate,
  .route = sotto_cuda_route,
  .combine = sotto_cuda_combine,
  .delta = sotto_cuda_delta,
  .convolve = sotto_cuda_convolve,
  .scan = sotto_cuda_scan,
  .match = sotto_cuda_match,
  .mix = sotto_cuda_mix,
  .cut = sotto_cuda_cut,
  .cap = sotto_cuda_cap,
  .pool = sotto_cuda_pool,
  .best = sotto_cuda_best,
};

const SottoCudaModule *
sotto_cuda_module_get (void)
{
  return &module;
}
