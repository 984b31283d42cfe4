internal import DeltaicCore
internal import GRDB

extension CatalogDatabase {
    /// The files of a version with their tensors, in the order in which they were published.
    ///
    /// - Throws: `.unknownVersion` if the version is not, or no longer, registered: it is never taken for one without files.
    public func files(of version: VersionID) throws -> [FileRecord] {
        guard let files = try filesIfRegistered(of: version) else { throw DeltaicError.removedMeanwhile }
        return files
    }

    /// The files of a version as ``files(of:)`` gives them, nil if the version is not, or no longer, registered.
    public func filesIfRegistered(of version: VersionID) throws -> [FileRecord]? {
        try read { try VersionRows.isRegistered(version, $0) ? FileRows.files(of: version, $0) : nil }
    }

    /// The tensors of a version, in the order of its files and of their bytes.
    ///
    /// - Throws: as ``files(of:)``.
    public func tensors(of version: VersionID) throws -> [TensorRecord] {
        try read { database in
            guard try VersionRows.isRegistered(version, database) else { throw DeltaicError.removedMeanwhile }
            return try FileRows.tensors(of: version, database).map(\.tensor)
        }
    }

    /// The tensor of a name, that of the first file if several have one; nil if there is none.
    ///
    /// - Throws: as ``files(of:)``.
    public func tensor(named name: String, of version: VersionID) throws -> TensorRecord? {
        try read { database in
            guard try VersionRows.isRegistered(version, database) else { throw DeltaicError.removedMeanwhile }
            return try FileRows.tensors(of: version, named: name, database).first?.tensor
        }
    }

    /// The tensors of a version by name; where two files have a tensor of the same name, that of the first file.
    ///
    /// - Returns: nothing if the version is not, or no longer, registered: nothing can be a delta of it.
    public func tensorsByName(of version: VersionID) throws -> [String: TensorRecord] {
        try read { database in
            Dictionary(
                try FileRows.tensors(of: version, database).map { ($0.tensor.name, $0.tensor) },
                uniquingKeysWith: { first, _ in first })
        }
    }
}

/// How tensors are read from their rows.
enum FileRows {
    static func files(of version: VersionID, _ database: Database) throws -> [FileRecord] {
        var tensors: [Int64: [TensorRecord]] = [:]
        for (file, tensor) in try self.tensors(of: version, database) {
            tensors[file, default: []].append(tensor)
        }
        return try database.rows(
            """
            SELECT f.id, f.path, f.size, f.sha256, f.git_blob_id, f.is_lfs, f.is_safetensors, o.sha256,
                (SELECT g.sha256 FROM original_files g WHERE g.file_id = f.id)
            FROM files f CROSS JOIN objects o ON o.id = f.object_id WHERE f.version_id = ? ORDER BY f.id
            """, [version.rawValue]
        ) { row in
            let object: Digest = try row.fixed(7)
            let own = tensors[try row.decode(Int64.self, atIndex: 0)] ?? []
            return FileRecord(
                path: try row.text(1), size: try row.int(2), sha256: try row.fixed(3),
                gitBlobID: try row.fixed(4), isLFS: try row.flag(5),
                content: try row.flag(6) ? .safetensors(header: object, tensors: own) : .raw(object: object),
                original: try row.ifPresent(8) { try row.fixed($0) })
        }
    }

    /// With the id of the file that each is in, in the order of files and then of bytes.
    static func tensors(
        of version: VersionID, named name: String? = nil, _ database: Database
    ) throws -> [(file: Int64, tensor: TensorRecord)] {
        // CROSS JOIN keeps this order of the loops: files of the version, tensors of the file, object of the tensor.
        try database.rows(
            """
            SELECT x.file_id, x.name, x.dtype, x.shape, o.sha256, q.codec, q.elements, q.changed, q.same_sign,
                q.delta_squares, q.reconstructed_squares, q.product, q.weight_squares, q.error_squares
            FROM files f CROSS JOIN tensors x ON x.file_id = f.id CROSS JOIN objects o ON o.id = x.object_id
            LEFT JOIN tensor_quality q ON q.file_id = x.file_id AND q.ordinal = x.ordinal
            WHERE f.version_id = ?1\(name == nil ? "" : " AND x.name = ?2") ORDER BY f.id, x.ordinal
            """, name.map { [version.rawValue, $0] } ?? [version.rawValue]
        ) { row in
            let (type, shape) = (try row.text(2), try row.text(3))
            guard let type = ElementType(rawValue: type) else {
                throw DeltaicError.damagedRow("\"\(type)\" is no dtype")
            }
            return (
                try row.decode(Int64.self, atIndex: 0),
                TensorRecord(
                    name: try row.text(1), type: type, shape: try self.shape(shape, of: type), object: try row.fixed(4),
                    loss: try row.ifPresent(5) { _ in try loss(row) })
            )
        }
    }

    private static func loss(_ row: Row) throws -> TensorLoss {
        try TensorLoss(
            codec: row.text(5), elements: row.int(6), changed: row.int(7), sameSign: row.int(8),
            deltaSquares: row.decode(Double.self, atIndex: 9),
            reconstructedSquares: row.decode(Double.self, atIndex: 10), product: row.decode(Double.self, atIndex: 11),
            weightSquares: row.decode(Double.self, atIndex: 12), errorSquares: row.decode(Double.self, atIndex: 13))
    }

    static func text(_ shape: TensorShape) -> String {
        shape.dimensions.map(String.init).joined(separator: ",")
    }

    static func shape(_ text: String, of type: ElementType) throws -> TensorShape {
        let parts = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
        let dimensions = parts.compactMap { Int($0) }
        guard dimensions.count == parts.count, let shape = TensorShape(dimensions),
            shape.elementCount <= Row.numberLimit / type.width
        else {
            throw DeltaicError.damagedRow("\"\(text)\" is no shape")
        }
        return shape
    }
}
