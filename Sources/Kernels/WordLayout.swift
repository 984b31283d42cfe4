/// How the words of a tensor are laid out: what the loops need to know of a dtype.
public struct WordLayout: Sendable, Equatable {
    /// The bytes of a word: 1, 2, 4 or 8.
    public let width: Int
    /// The stored mantissa bits of a signed floating-point word; nil for integers and everything else.
    public let mantissaBits: Int?

    public init(width: Int, mantissaBits: Int?) {
        self.width = width
        self.mantissaBits = mantissaBits
    }

    /// The precision p of the symbols of `Schema/pack/codec-payloads.md`, section 2: as fine as a byte allows.
    public var symbolPrecision: Int {
        switch width {
        case 1: 7
        case 2: 4
        case 4: 3
        default: 2
        }
    }
}

/// An unsigned word of a tensor.
protocol TensorWord: FixedWidthInteger, UnsignedInteger {
    associatedtype SignedWord: FixedWidthInteger & SignedInteger
    init(bitPattern: SignedWord)
    static func signed(_ word: Self) -> SignedWord
}

extension UInt8: TensorWord {
    static func signed(_ word: UInt8) -> Int8 { Int8(bitPattern: word) }
}
extension UInt16: TensorWord {
    static func signed(_ word: UInt16) -> Int16 { Int16(bitPattern: word) }
}
extension UInt32: TensorWord {
    static func signed(_ word: UInt32) -> Int32 { Int32(bitPattern: word) }
}
extension UInt64: TensorWord {
    static func signed(_ word: UInt64) -> Int64 { Int64(bitPattern: word) }
}

extension UnsafeRawPointer {
    /// The little-endian word at `index`; the pointer needs no alignment.
    @inline(__always)
    func word<Word: TensorWord>(_ index: Int, as type: Word.Type = Word.self) -> Word {
        Word(littleEndian: loadUnaligned(fromByteOffset: index &* MemoryLayout<Word>.size, as: Word.self))
    }
}

extension UnsafeMutableRawPointer {
    /// The little-endian word at `index`; the pointer needs no alignment.
    @inline(__always)
    func word<Word: TensorWord>(_ index: Int, as type: Word.Type = Word.self) -> Word {
        UnsafeRawPointer(self).word(index)
    }

    /// Stores a little-endian word at `index`.
    @inline(__always)
    func store<Word: TensorWord>(_ word: Word, at index: Int) {
        storeBytes(of: word.littleEndian, toByteOffset: index &* MemoryLayout<Word>.size, as: Word.self)
    }
}

/// An array of `count` bytes that `body` fills.
func filledBytes(_ count: Int, _ body: (UnsafeMutableRawPointer) -> Void) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        if let base = buffer.baseAddress, count > 0 { body(UnsafeMutableRawPointer(base)) }
        initialized = count
    }
}
