// An operation that no TensorFlow has, in its C API: twice what it is given. test_libraries.py compiles it.
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

static void compute(void* kernel, TF_OpKernelContext* context) {
  TF_Status* status = TF_NewStatus();
  TF_Tensor* given = nullptr;
  TF_GetInput(context, 0, &given, status);
  int64_t sizes[8];
  const int rank = TF_NumDims(given);
  for (int at = 0; at < rank; ++at) sizes[at] = TF_Dim(given, at);
  TF_Tensor* made = TF_AllocateOutput(context, 0, TF_FLOAT, sizes, rank, TF_TensorByteSize(given), status);
  const float* from = static_cast<float*>(TF_TensorData(given));
  float* to = static_cast<float*>(TF_TensorData(made));
  for (int64_t at = 0; at < TF_TensorElementCount(given); ++at) to[at] = 2 * from[at];
  TF_DeleteTensor(given);
  TF_DeleteTensor(made);
  TF_DeleteStatus(status);
}

static void infer(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeHandle* shape = TF_NewShapeHandle();
  TF_ShapeInferenceContextGetInput(context, 0, shape, status);
  TF_ShapeInferenceContextSetOutput(context, 0, shape, status);
  TF_DeleteShapeHandle(shape);
}

__attribute__((constructor)) static void register_twice(void) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* operation = TF_NewOpDefinitionBuilder("Zapping>Twice");
  TF_OpDefinitionBuilderAddInput(operation, "x: float");
  TF_OpDefinitionBuilderAddOutput(operation, "y: float");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(operation, infer);
  TF_RegisterOpDefinition(operation, status);
  TF_KernelBuilder* kernel = TF_NewKernelBuilder("Zapping>Twice", "CPU", nullptr, compute, nullptr);
  TF_RegisterKernelBuilder("Twice", kernel, status);
  TF_DeleteStatus(status);
}
