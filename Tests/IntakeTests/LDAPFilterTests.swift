// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("LDAP filter")
struct LDAPFilterTests {
    static let amy = Entry(
        dn: "cn=Amy Wong,ou=people,dc=x",
        attributes: [
            "objectClass": ["top", "person", "user"], "cn": ["Amy Wong"], "mail": ["Amy@Planet.example"], "sn": ["Kroker"],
            "userAccountControl": ["514"], "memberOf": ["CN=Ship Crew,OU=people,DC=x"], "title": [], "givenName": ["Zoë (x)*"],
            "empty": [""], "street": ["Strasse É"], "city": ["İzmir"],
        ])

    @Test(
        "lets through",
        arguments: [
            "(cn=amy wong)", "(CN=AMY WONG)", "(&)", "(&(objectClass=person)(mail=*))", "(|(cn=x)(cn=amy*))", "(!(cn=bender))",
            "(!(description=x))", "(mail=*)", "(cn=a*)", "(cn=*wong)", "(cn=*y w*)", "(cn=a*y*n*g)", "(cn=*)", "(cn=**)",
            "(userAccountControl>=514)", "(userAccountControl>=90)", "(userAccountControl<=514)", "(cn>=amy)", "(cn<=b)",
            "(userAccountControl:1.2.840.113556.1.4.803:=2)", "(userAccountControl:1.2.840.113556.1.4.803:=514)",
            "(userAccountControl:1.2.840.113556.1.4.804:=3)", "(memberOf=cn=ship  crew, ou=people,dc=X)", "(cn~=AMY wong)",
            "(givenName=zoë \\28x\\29\\2a)", "(givenName=ZO\\c3\\8b*)", "(empty=)", "(street=STRASSE é)", "(street=strasse É)",
            "(city=i̇zmir)", " ( & ( cn = amy*) ( ! ( sn=x ) ) ) ",
            "(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=16)))",
        ])
    func matches(text: String) throws {
        // A blank before "=" belongs to the name's surroundings, a blank after it to the value.
        let filter = try LDAPFilter(parsing: text.replacing("cn = ", with: "cn ="))
        #expect(filter.matches(Self.amy))
        #expect(try !LDAPFilter(parsing: "(!\(filter.description.trimmed))").matches(Self.amy))
    }

    @Test(
        "keeps back",
        arguments: [
            "(cn=amy)", "(|)", "(description=*)", "(title=*)", "(title=)", "(cn=*amy)", "(cn=amy wong*g)", "(cn=wong*)",
            "(cn=*a*a*)",
            "(userAccountControl:1.2.840.113556.1.4.803:=3)", "(userAccountControl:1.2.840.113556.1.4.804:=1)",
            "(cn:1.2.840.113556.1.4.803:=0)", "(userAccountControl>=515)", "(userAccountControl<=90)", "(mail;lang-fr=*)",
            "(memberOf=cn=ship crew,ou=others,dc=x)", "(&(cn=amy wong)(cn=x))", "(street=strasse e)", "(street=strasse)",
            "(cn=amy wongs)",
        ])
    func keepsBack(text: String) throws {
        #expect(try !LDAPFilter(parsing: text).matches(Self.amy))
    }

    @Test(
        "errors name the column",
        arguments: [
            ("", 1), ("cn=x", 1), ("(cn=x", 6), ("(cn=x))", 7), ("(cn)", 4), ("(=x)", 2), ("()", 2), ("(cn=a\\2)", 6),
            ("(cn=(x))", 5),
            ("(&(cn=x)", 9), ("(&(cn=x)cn=y)", 9), ("(!)", 3), ("(!(a=b)(c=d))", 8), ("(cn>x)", 5), ("(cn>=a*)", 7),
            ("(cn:caseExactMatch:=x)", 5), ("(uac:1.2.840.113556.1.4.803:=x)", 30), ("(cn:dn:=x)", 5), ("(é=x)", 2),
            ("(cn=é\\zz)", 6),
        ])
    func errors(text: String, column: Int) throws {
        let error = #expect(throws: LDAPFilterError.self) { try LDAPFilter(parsing: text) }
        #expect(error?.column == column, "\(String(describing: error))")
    }

    @Test("paths, columns, booleans and numbers of other formats than LDAP")
    func paths() throws {
        let entry = Entry(
            dn: "00u1",
            attributes: [
                "profile.status": ["ACTIVE"], "suspended": ["false"], "score": ["2.5"], "Worker Status": ["Aktiv"],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department": ["R&D"], "@odata.type": ["user"],
                "Straße": ["1"], "flags": ["6"], "created": ["2026-01-31T00:00:00Z"],
            ])
        for text in [
            "(profile.status=active)", "(!(suspended=TRUE))", "(score>=2)", "(score>=1.75)", "(!(score>=10))", "(score<=1e1)",
            "({Worker Status}=aktiv)", "({worker status}=*)", "({Straße}>=1)", "(@odata.type=user)",
            "(urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department=r&d)",
            "(flags:1.2.840.113556.1.4.803:=2)", "(created>=2026-01-30)",
        ] {
            #expect(try LDAPFilter(parsing: text).matches(entry), "\(text)")
        }
        for (text, column) in [("({}=x)", 2), ("({a=x)", 2), ("({a|b}=x)", 2), ("(a.=x)", 2), ("(.a=x)", 2), ("(a b=x)", 4)] {
            let error = #expect(throws: LDAPFilterError.self) { try LDAPFilter(parsing: text) }
            #expect(error?.column == column, "\(text): \(String(describing: error))")
        }
    }

    @Test("depth has an end, and garbage does not crash")
    func hostile() {
        let deep = String(repeating: "(!", count: 5000)
        let error = #expect(throws: LDAPFilterError.self) { try LDAPFilter(parsing: deep) }
        #expect(error?.code == .tooDeep)
        var random = SeededRandom(seed: 4515)
        let alphabet = Array("(()))&|!=*\\2aacn<>~: é").map(String.init)
        for _ in 0..<rounds(5000, soak: 100_000) {
            let text = (0..<Int.random(in: 0..<20, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }
                .joined()
            if let filter = try? LDAPFilter(parsing: text) { _ = filter.matches(Self.amy) }
        }
    }

    @Test("the attributes asked for")
    func attributes() throws {
        let filter = try LDAPFilter(parsing: "(&(CN=x)(|(mail=*)(!(cn>=1)))(uac:1.2.840.113556.1.4.803:=2))")
        #expect(filter.attributes == ["cn", "mail", "uac"])
    }
}

extension String {
    fileprivate var trimmed: Substring {
        self[...].drop { $0 == " " }.reversed().drop { $0 == " " }.reversed().reduce(into: Substring()) { $0.append($1) }
    }
}
