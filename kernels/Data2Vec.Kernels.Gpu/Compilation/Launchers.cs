// What begins a kernel, by the kernel's arguments.
global using NormLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    Data2Vec.Kernels.Gpu.DeviceCode.NormArguments>;
global using SplitKNormLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, Data2Vec.Kernels.Gpu.DeviceCode.MatrixArguments, Data2Vec.Kernels.Gpu.DeviceCode.NormArguments>;
global using TensorLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, long, long, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    ILGPU.ArrayView<int>, ILGPU.ArrayView<int>, Data2Vec.Kernels.Gpu.DeviceCode.MatrixArguments>;
