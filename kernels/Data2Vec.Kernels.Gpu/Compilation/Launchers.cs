// Delegates that launch kernels, by the parameters of the kernels.
global using AttentionLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<int>, Data2Vec.Kernels.Gpu.DeviceCode.AttentionArguments>;
global using CopyLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, Data2Vec.Kernels.Gpu.DeviceCode.RowArguments>;
global using GateLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    Data2Vec.Kernels.Gpu.DeviceCode.GateArguments>;
global using MeanLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<int>, ILGPU.ArrayView<float>,
    Data2Vec.Kernels.Gpu.DeviceCode.RowArguments>;
global using NormLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    Data2Vec.Kernels.Gpu.DeviceCode.NormArguments>;
global using PoolLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, Data2Vec.Kernels.Gpu.DeviceCode.PoolArguments>;
global using SplitKLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    Data2Vec.Kernels.Gpu.DeviceCode.MatrixArguments>;
global using SplitKNormLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, Data2Vec.Kernels.Gpu.DeviceCode.MatrixArguments, Data2Vec.Kernels.Gpu.DeviceCode.NormArguments>;
global using TensorAttentionLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, long, long, long, long, long, ILGPU.ArrayView<int>,
    Data2Vec.Kernels.Gpu.DeviceCode.AttentionArguments>;
global using TensorLauncher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, long, long, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    ILGPU.ArrayView<int>, ILGPU.ArrayView<int>, Data2Vec.Kernels.Gpu.DeviceCode.MatrixArguments>;
