internal import Foundation

/// The messages of Git LFS's batch API, as far as the service has them.
enum LFSBatch {
    struct Request: Decodable {
        struct Object: Decodable {
            let oid: String
            let size: Int
        }

        let operation: String
        let transfers: [String]?
        let objects: [Object]
        let hashAlgorithm: String?

        enum CodingKeys: String, CodingKey {
            case operation, transfers, objects
            case hashAlgorithm = "hash_algo"
        }
    }

    struct Answer: Encodable {
        struct Object: Encodable {
            struct Action: Encodable {
                let href: String
                var header: [String: String]?
            }

            struct Actions: Encodable {
                var download: Action?
                var upload: Action?
                var verify: Action?
            }

            struct Problem: Encodable {
                let code: Int
                let message: String
            }

            let oid: String
            let size: Int
            var authenticated: Bool?
            var actions: Actions?
            var error: Problem?
        }

        var transfer = "basic"
        let objects: [Object]
        let hashAlgorithm = "sha256"

        enum CodingKeys: String, CodingKey {
            case transfer, objects
            case hashAlgorithm = "hash_algo"
        }
    }
}
