using System.Buffers.Binary;
using System.Numerics;

namespace Data2Vec.Kernels.Cpu;

/// <summary>The general registers of x86-64, by number.</summary>
internal enum Register : byte
{
    Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15,
}

/// <summary>The conditions of jumps, as the second byte of the instruction has them.</summary>
internal enum Condition : byte
{
    Equal = 0x84, Less = 0x8C, GreaterOrEqual = 0x8D, LessOrEqual = 0x8E, Greater = 0x8F,
}

/// <summary>A memory operand: <c>[base + index * scale + displacement]</c>.</summary>
internal readonly record struct Address(Register Base, int Displacement = 0, Register? Index = null, int Scale = 1);

/// <summary>A vector instruction.</summary>
/// <param name="Map">The opcode map: 1 for 0F, 2 for 0F38.</param>
/// <param name="Prefix">The implied prefix: 0 for none, 1 for 66, 2 for F3.</param>
/// <param name="Code">The opcode.</param>
/// <param name="MemoryBytes">The size of a memory operand; 0 for a whole vector.</param>
internal readonly record struct VectorOpcode(byte Map, byte Prefix, byte Code, int MemoryBytes = 0)
{
    public static readonly VectorOpcode Load = new(1, 0, 0x10);
    public static readonly VectorOpcode Store = new(1, 0, 0x11);
    public static readonly VectorOpcode Add = new(1, 0, 0x58);
    public static readonly VectorOpcode AddIntegers = new(1, 1, 0xFE);
    public static readonly VectorOpcode Xor = new(1, 1, 0xEF);
    public static readonly VectorOpcode Broadcast = new(2, 1, 0x18, sizeof(float));
    public static readonly VectorOpcode MultiplyAdd = new(2, 1, 0xB8);
    public static readonly VectorOpcode DotBFloat16 = new(2, 2, 0x52);
    public static readonly VectorOpcode DotShorts = new(2, 1, 0x52);
    public static readonly VectorOpcode DotBytes = new(2, 1, 0x50);
}

/// <summary>
/// Encodes the few x86-64 instructions that matrix tiles consist of: vectors of 128 and 256 bits with VEX prefixes, of 512 bits with EVEX
/// prefixes (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter 2).
/// </summary>
internal sealed class X64Emitter
{
    private const int WideVectorBytes = 64;

    private readonly List<byte> _code = [];

    /// <summary>The position of the next instruction.</summary>
    public int Position => _code.Count;

    public byte[] ToArray() => [.. _code];

    public void Push(Register register) => Stack(0x50, register);

    public void Pop(Register register) => Stack(0x58, register);

    public void Return() => Emit(0xC3);

    public void ZeroUpper() => Emit(0xC5, 0xF8, 0x77);

    public void Move(Register to, Register from) => Integer(0x8B, (int)to, from);

    public void Add(Register to, Register from) => Integer(0x03, (int)to, from);

    public void Add(Register to, int value) => Immediate(0, to, value);

    /// <summary>Subtracts, and sets the flags for a conditional jump.</summary>
    public void Subtract(Register from, int value) => Immediate(5, from, value);

    public void Compare(Register register, int value) => Immediate(7, register, value);

    public void ShiftLeft(Register register, byte bits)
    {
        Integer(0xC1, 4, register);
        Emit(bits);
    }

    public void Load(Register to, Address from) => Integer(0x8B, (int)to, from);

    public void LoadAddress(Register to, Address from) => Integer(0x8D, (int)to, from);

    /// <summary>Prefetches a cache line.</summary>
    /// <param name="address">An address in the line; not necessarily a valid one.</param>
    /// <param name="level">The level of the cache, 1 to 3.</param>
    public void Prefetch(Address address, int level = 1)
    {
        if (address.Base >= Register.R8)
        {
            Emit(0x41);
        }

        Emit(0x0F, 0x18);
        Memory(level, address, 1);
    }

    /// <summary>Jumps to an earlier <see cref="Position"/>.</summary>
    public void JumpBack(Condition condition, int target)
    {
        Emit(0x0F, (byte)condition);
        EmitInt32(target - (Position + sizeof(int)));
    }

    /// <summary>Jumps ahead to where the result is given to <see cref="Land"/>.</summary>
    public int JumpAhead(Condition? condition = null)
    {
        Emit(condition is { } known ? [0x0F, (byte)known] : [0xE9]);
        EmitInt32(0);
        return Position;
    }

    /// <summary>Makes the next instruction the target of a jump.</summary>
    public void Land(int jump)
    {
        Span<byte> distance = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(distance, Position - jump);
        for (int i = 0; i < distance.Length; i++)
        {
            _code[jump - distance.Length + i] = distance[i];
        }
    }

    /// <summary>An instruction on vector registers; <paramref name="left"/> is 0 where it has only two operands.</summary>
    public void Vector(VectorOpcode opcode, int vectorBytes, int destination, int left, int right)
    {
        VectorPrefix(opcode, vectorBytes, destination, left, right >> 4, right >> 3);
        Emit(opcode.Code, (byte)(0xC0 | (destination & 7) << 3 | (right & 7)));
    }

    /// <summary>A vector instruction with a memory operand; <paramref name="left"/> is 0 where it has only two operands.</summary>
    public void Vector(VectorOpcode opcode, int vectorBytes, int register, Address memory, int left = 0)
    {
        VectorPrefix(opcode, vectorBytes, register, left, memory.Index is { } index ? (int)index >> 3 : 0, (int)memory.Base >> 3);
        Emit(opcode.Code);

        // EVEX counts short displacements in operands.
        int unit = vectorBytes < WideVectorBytes ? 1 : opcode.MemoryBytes > 0 ? opcode.MemoryBytes : vectorBytes;
        Memory(register, memory, unit);
    }

    private void VectorPrefix(VectorOpcode opcode, int vectorBytes, int register, int left, int x, int b)
    {
        // The bits that extend register numbers are stored inverted.
        int extension = (~(register >> 3) & 1) << 7 | (~x & 1) << 6 | (~b & 1) << 5, prefix = (~left & 15) << 3 | opcode.Prefix;
        if (vectorBytes == WideVectorBytes)
        {
            Emit(0x62, (byte)(extension | (~(register >> 4) & 1) << 4 | opcode.Map), (byte)(prefix | 4), (byte)(0x40 | (~(left >> 4) & 1) << 3));
        }
        else
        {
            Emit(0xC4, (byte)(extension | opcode.Map), (byte)(prefix | (vectorBytes == 32 ? 4 : 0)));
        }
    }

    private void Stack(int opcode, Register register)
    {
        if (register >= Register.R8)
        {
            Emit(0x41);
        }

        Emit((byte)(opcode + ((int)register & 7)));
    }

    private void Immediate(int operation, Register register, int value)
    {
        bool isByte = value is >= sbyte.MinValue and <= sbyte.MaxValue;
        Integer((byte)(isByte ? 0x83 : 0x81), operation, register);
        if (isByte)
        {
            Emit((byte)value);
        }
        else
        {
            EmitInt32(value);
        }
    }

    private void Integer(byte opcode, int register, Register operand) =>
        Emit((byte)(0x48 | register >> 3 << 2 | (int)operand >> 3), opcode, (byte)(0xC0 | (register & 7) << 3 | ((int)operand & 7)));

    private void Integer(byte opcode, int register, Address memory)
    {
        Emit((byte)(0x48 | register >> 3 << 2 | (memory.Index is { } index ? (int)index >> 3 << 1 : 0) | (int)memory.Base >> 3), opcode);
        Memory(register, memory, 1);
    }

    private void Memory(int register, Address memory, int unit)
    {
        int at = (int)memory.Base & 7, displacement = memory.Displacement;
        bool isShort = displacement % unit == 0 && displacement / unit is >= sbyte.MinValue and <= sbyte.MaxValue;

        // Without a displacement, rbp and r13 would mean something else.
        int mode = displacement == 0 && at != (int)Register.Rbp ? 0 : isShort ? 1 : 2;
        bool hasScale = memory.Index is not null || at == (int)Register.Rsp;
        Emit((byte)(mode << 6 | (register & 7) << 3 | (hasScale ? 4 : at)));
        if (hasScale)
        {
            Emit((byte)(BitOperations.Log2((uint)memory.Scale) << 6 | ((int)(memory.Index ?? Register.Rsp) & 7) << 3 | at));
        }

        if (mode == 1)
        {
            Emit((byte)(displacement / unit));
        }
        else if (mode == 2)
        {
            EmitInt32(displacement);
        }
    }

    private void EmitInt32(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Emit(bytes);
    }

    private void Emit(params ReadOnlySpan<byte> bytes) => _code.AddRange(bytes);
}
