// SPDX-License-Identifier: Apache-2.0

/// The samples, each followed by itself some days later: one disabled, one renamed, one gone, one in another group.
extension PlanSample {
    static let all = [
        openLDAP, openLDAPBootstrap, activeDirectory, activeDirectoryRanges, keycloak, entra, okta, google, scim, csv,
    ]

    private static let planetExpress = [
        ("cn=support,ou=groups,dc=example,dc=org", "cn=ship_crew,ou=people,dc=planetexpress,dc=com"),
        ("cn=support-leads,ou=groups,dc=example,dc=org", "cn=admin_staff,ou=people,dc=planetexpress,dc=com"),
        ("(ou=Sales)", "(ou=Intern)"),
    ]

    private static let openLDAP = PlanSample(
        name: "openldap", policy: "openldap", inPolicy: planetExpress,
        steps: [
            Step(title: "LDIF of ldapsearch", files: [File(sample: "ldif/planetexpress-ldapsearch-operational.ldif")]),
            Step(
                title: "The same people from ldap3 with the schema",
                files: [
                    File(sample: "ldap3-json/openldap-schema-users-response_to_json.json"),
                    File(sample: "ldap3-json/openldap-schema-groups-response_to_json.json"),
                ]),
            Step(
                title: "The same people from ldap3 without it",
                files: [File(sample: "ldap3-json/openldap-noschema-users-response_to_json.json")]),
            Step(
                title: "Later: Zoidberg is locked, Fry renamed, Amy gone, Leela moved from the crew to the staff",
                files: [
                    File(
                        sample: "ldif/planetexpress-ldapsearch-operational.ldif",
                        edits: [
                            .replace(
                                "mail: zoidberg@planetexpress.com",
                                "mail: zoidberg@planetexpress.com\npwdAccountLockedTime: 000001010000Z"),
                            .replace("cn=Philip J. Fry,ou=people", "cn=Philip Fry-Turanga,ou=people"),
                            .replace("displayName: Fry", "displayName: Philip Fry-Turanga"),
                            .replace("mail: fry@planetexpress.com", "mail: philip@planetexpress.com"),
                            .cut(from: "# Amy Wong + Kroker, people", upTo: "# Bender Bending Rodriguez, people"),
                            .after("dn: cn=Turanga Leela", replace: "cn=ship_crew", with: "cn=admin_staff"),
                            .after(
                                "dn: cn=ship_crew", replace: "member: cn=Turanga Leela,ou=people,dc=planetexpress,dc=com\n",
                                with: ""),
                            .after(
                                "dn: cn=admin_staff", replace: "member: cn=Hermes",
                                with: "member: cn=Turanga Leela,ou=people,dc=planetexpress,dc=com\nmember: cn=Hermes"),
                            .replace("# numResponses: 12\n# numEntries: 11", "# numResponses: 11\n# numEntries: 10"),
                        ])
                ]),
        ])

    /// What slapd is filled with names nobody's entryUUID.
    private static let openLDAPBootstrap = PlanSample(
        name: "openldap-bootstrap", policy: "openldap", inPolicy: planetExpress,
        steps: [
            Step(
                title: "The files that fill the server",
                files: [
                    "00_people", "10_people_amy", "10_people_bender", "10_people_fry", "10_people_hermes", "10_people_leela",
                    "10_people_professor", "10_people_zoidberg", "30_groups_admin", "30_groups_crew",
                ].map { File(sample: "ldif/planetexpress/\($0).ldif") })
        ])

    private static let samba = [
        ("CN=Support,OU=Groups,DC=example,DC=org", "cn=ship_crew,ou=people,dc=planetexpress,dc=example"),
        ("CN=Support Leads,OU=Groups,DC=example,DC=org", "cn=admin_staff,ou=people,dc=planetexpress,dc=example"),
    ]

    private static let activeDirectory = PlanSample(
        name: "active-directory", policy: "active-directory", inPolicy: samba,
        steps: [
            Step(
                title: "JSON of ldap3",
                files: [
                    File(sample: "ldap3-json/samba-ad-schema-users-response_to_json.json"),
                    File(sample: "ldap3-json/samba-ad-schema-groups-response_to_json.json"),
                ]),
            Step(
                title: "The same people from ldapsearch", files: [File(sample: "ldif/samba-ldapsearch-users-groups.ldif")]),
            Step(
                title: "The same people from ldapdomaindump",
                files: ["users", "groups", "users_by_group"].map { File(sample: "ldapdomaindump/domain_\($0).json") }),
            Step(
                title: "Later: Amy is disabled, Fry renamed, Hermes gone, Bender moved from the crew to the staff",
                files: [
                    File(
                        sample: "ldap3-json/samba-ad-schema-users-response_to_json.json",
                        edits: [
                            .after(
                                "amy@planetexpress.com", replace: "\"userAccountControl\": 544",
                                with: "\"userAccountControl\": 546"),
                            .replace("CN=Philip J. Fry,OU", "CN=Philip Fry-Turanga,OU"),
                            .replace("\"displayName\": \"Fry\"", "\"displayName\": \"Philip Fry-Turanga\""),
                            .replace("\"mail\": \"fry@planetexpress.com\"", "\"mail\": \"philip@planetexpress.com\""),
                            .after("\"displayName\": \"Bender\"", replace: "CN=ship_crew", with: "CN=admin_staff"),
                            .without(key: "dn", "CN=Hermes Conrad,OU=People,DC=planetexpress,DC=example"),
                        ]),
                    File(
                        sample: "ldap3-json/samba-ad-schema-groups-response_to_json.json",
                        edits: [
                            .replace("CN=Philip J. Fry,OU", "CN=Philip Fry-Turanga,OU"),
                            .replace("CN=Bender Bending Rodriguez,OU", "CN=Nobody,OU"),
                            .replace("CN=Hermes Conrad,OU", "CN=Bender Bending Rodriguez,OU"),
                        ]),
                ]),
        ])

    /// A group of more members than the server tells at once; its people are in no file.
    private static let activeDirectoryRanges = PlanSample(
        name: "active-directory-ranges", policy: "active-directory",
        inPolicy: [
            ("CN=Support,OU=Groups,DC=example,DC=org", "CN=all_hands,OU=Fleet,DC=planetexpress,DC=example"), samba[1],
        ],
        steps: [
            Step(
                title: "The people, and the first five hundred members of the group",
                files: [
                    File(sample: "ldif/samba-ldapsearch-users-groups.ldif"), File(sample: "ldif/samba-range-0-499.ldif"),
                ]),
            Step(
                title: "The people, and all members of the group",
                files: [
                    File(sample: "ldif/samba-ldapsearch-users-groups.ldif"), File(sample: "ldif/samba-range-0-499.ldif"),
                    File(
                        sample: "ldif/samba-range-500-star.ldif",
                        edits: [
                            .after(
                                "member;range=500-*: ",
                                replace: "CN=Talya Gillan EMP1007,OU=Fleet,DC=planetexpress,DC=examp\n le",
                                with: "CN=Amy Wong,OU=People,DC=planetexpress,DC=example")
                        ]),
                ]),
            Step(
                title: "Again the first five hundred only: who stands further down is not taken for gone",
                files: [
                    File(sample: "ldif/samba-ldapsearch-users-groups.ldif"), File(sample: "ldif/samba-range-0-499.ldif"),
                ]),
        ])

    private static let keycloak = PlanSample(
        name: "keycloak", policy: "keycloak",
        steps: [
            Step(
                title: "As it is: nobody has an address that mail reaches", files: [File(sample: "keycloak/jhipster-realm.json")]),
            Step(
                title: "With addresses",
                files: [File(sample: "keycloak/jhipster-realm.json", edits: [.replace("@localhost", "@example.org")])]),
            Step(
                title: "Later: the administrator is gone, the user has his group and another name",
                files: [
                    File(
                        sample: "keycloak/jhipster-realm.json",
                        edits: [
                            .replace("@localhost", "@example.org"), .replace("\"lastName\": \"User\"", "\"lastName\": \"Heir\""),
                            .after("\"username\": \"user\"", replace: "\"/Users\"", with: "\"/Users\", \"/Admins\""),
                            .without(key: "username", "admin"),
                        ])
                ], releases: true),
            Step(
                title: "Later: the administrator is back, the user disabled and in his old group",
                files: [
                    File(
                        sample: "keycloak/jhipster-realm.json",
                        edits: [
                            .replace("@localhost", "@example.org"),
                            .after("\"username\": \"user\"", replace: "\"enabled\": true", with: "\"enabled\": false"),
                        ])
                ], releases: true),
        ])

    private static let entra = PlanSample(
        name: "entra", policy: "entra",
        inPolicy: [("Support Team", "Golf Assist"), ("Support Leads", "golftalk@contoso.com")],
        steps: [
            Step(
                title: "As it is: ids without addresses",
                files: [File(sample: "msgraph/users-list.json"), File(sample: "msgraph/groups-list.json")]),
            Step(
                title: "The first page of a delta",
                files: [File(sample: "msgraph/users-delta.json"), File(sample: "msgraph/groups-delta.json")]),
            Step(
                title: "The same as a page that is the last, with two more people and the members of a group",
                files: [
                    File(sample: "msgraph/users-delta.json", name: "users.json", edits: twoMore),
                    File(sample: "msgraph/groups-list.json"), members("Golf Assist", "87d349ed-44d7-43e1-9a83-5f2406dee5bd"),
                    members("golftalk@contoso.com", "693acd06-2877-4339-8ade-b704261fe7a0"),
                ]),
            Step(
                title: "Later: Adele is disabled, Lynne renamed and in the other group, Grady gone",
                files: [
                    File(
                        sample: "msgraph/users-delta.json", name: "users.json",
                        edits: twoMore + [
                            .replace(
                                "\"displayName\": \"Adele Vance\",",
                                "\"displayName\": \"Adele Vance\", \"accountEnabled\": false,"),
                            .replace("\"mail\": \"LynneR@contoso.com\"", "\"mail\": \"LynneA@contoso.com\""),
                            .replace("Lynne Robbins", "Lynne Archie"), .without(key: "displayName", "Grady Archie"),
                        ]),
                    File(sample: "msgraph/groups-list.json"),
                    members("Golf Assist", "49320844-be99-4164-8167-87ff5d047ace"),
                    members("golftalk@contoso.com", "87d349ed-44d7-43e1-9a83-5f2406dee5bd"),
                ], releases: true),
        ])

    /// The sample has one person; these are of Microsoft's own examples too.
    private static let twoMore: [Edit] = [
        .cut(from: "  \"@odata.nextLink\"", upTo: "  \"value\""), .replace("$metadata#users", "$metadata#users(id,displayName)"),
        .replace(
            "\"value\": [",
            """
            "value": [
                {"id": "49320844-be99-4164-8167-87ff5d047ace", "displayName": "Lynne Robbins", "givenName": "Lynne",
                 "mail": "LynneR@contoso.com", "userPrincipalName": "LynneR@contoso.com", "accountEnabled": true, "department": "Golf"},
                {"id": "693acd06-2877-4339-8ade-b704261fe7a0", "displayName": "Grady Archie", "givenName": "Grady",
                 "mail": "GradyA@contoso.com", "userPrincipalName": "GradyA@contoso.com", "accountEnabled": true},
            """),
    ]

    private static func members(_ group: String, _ id: String) -> File {
        File(
            sample: "msgraph/users-list.json", name: "group=\(group).json",
            edits: [.replace("d36894ae-94ae-d368-ae94-68d3ae9468d3", id)])
    }

    private static let okta = PlanSample(
        name: "okta", policy: "okta", inPolicy: [("Support Team", "crew"), ("Support Leads", "leads")],
        steps: [
            Step(title: "As it is: a page of users, which may not be all", files: oktaFiles([])),
            Step(title: "The same with a manifest", files: oktaFiles([]), manifest: 5),
            Step(
                title: "Later: Jeremy is suspended, James renamed, Alice gone, Richard in the group of leads too",
                files: oktaFiles([
                    .after("2021-08-12T03:46:45.000Z", replace: "\"status\": \"ACTIVE\"", with: "\"status\": \"SUSPENDED\""),
                    .after("2020-06-20T14:57:06.000Z", replace: "\"firstName\": \"James\"", with: "\"firstName\": \"Jim\""),
                    .after("2020-06-20T14:57:06.000Z", replace: "jmay@example.com", with: "jim.may@example.com"),
                    .after("2020-06-20T14:57:06.000Z", replace: "\"email\": \"jmay@", with: "\"email\": \"jim.may@"),
                ]).dropFirst() + [
                    File(
                        sample: "okta/cartography-okta-GROUP_MEMBERS_SAMPLE_DATA.json", name: "group=leads.json",
                        edits: [.without(key: "id", "OKTA_USER_ID_1"), .without(key: "id", "OKTA_USER_ID_2")])
                ], manifest: 5),
        ])

    /// The members of the group are people of the organisation; a list of them is a list of people too.
    private static func oktaFiles(_ edits: [Edit]) -> [File] {
        [
            File(sample: "okta/openapi-ListUsersResponse.json", name: "users-1.json"),
            File(sample: "okta/cartography-okta-GROUP_MEMBERS_SAMPLE_DATA.json", name: "users-2.json", edits: edits),
            File(sample: "okta/cartography-okta-GROUP_MEMBERS_SAMPLE_DATA.json", name: "group=crew.json"),
        ]
    }

    private static let google = PlanSample(
        name: "google", policy: "google",
        inPolicy: [
            ("support@example.org", "groups/group-engineering"), ("support-leads@example.org", "groups/group-operations"),
        ],
        steps: [
            Step(title: "Users, groups and members", files: googleFiles()),
            Step(
                title: "Later: Marge has another name and the place of Homer, who is suspended",
                files: googleFiles(
                    users: [
                        .replace("mbsimpson@simpson.corp", "marge@simpson.corp"), .replace("Marge Simpson", "Marge Bouvier"),
                        .after("\"orgUnitPath\": \"/Engineering\"", replace: "\"suspended\": false", with: "\"suspended\": true"),
                    ],
                    members: [
                        .replace("mbsimpson@simpson.corp", "marge@simpson.corp"),
                        .after("\"groups/group-operations\": [", replace: "hjsimpson@simpson.corp", with: "marge@simpson.corp"),
                    ]), releases: true),
            Step(
                title: "Later: Homer is gone",
                files: googleFiles(
                    users: [
                        .replace("mbsimpson@simpson.corp", "marge@simpson.corp"), .replace("Marge Simpson", "Marge Bouvier"),
                        .without(key: "id", "user-2"),
                    ],
                    members: [
                        .replace("mbsimpson@simpson.corp", "marge@simpson.corp"),
                        .after("\"groups/group-operations\": [", replace: "hjsimpson@simpson.corp", with: "marge@simpson.corp"),
                    ])),
        ])

    private static func googleFiles(users: [Edit] = [], members: [Edit] = []) -> [File] {
        let prefix = "google/cartography-googleworkspace-MOCK_GOOGLEWORKSPACE_"
        return [
            File(sample: prefix + "USERS_RESPONSE.json", name: "users.json", edits: users),
            File(sample: prefix + "GROUPS_RESPONSE.json", name: "groups.json"),
            File(sample: prefix + "MEMBERS_BY_GROUP_EMAIL.json", name: "members.json", edits: members),
        ]
    }

    private static let scim = PlanSample(
        name: "scim", policy: "scim", inPolicy: [("members: Support\n", "members: Tour Guides\n")],
        steps: [
            Step(
                title: "Single resources, which may not be all",
                files: [
                    File(sample: "scim/rfc7643-8.3-enterprise_user.json"), scimMandy, File(sample: "scim/rfc7643-8.4-group.json"),
                ]),
            Step(
                title: "Later: Barbara has another name and is inactive, and Mandy is gone; with a manifest",
                files: [
                    File(
                        sample: "scim/rfc7643-8.3-enterprise_user.json",
                        edits: [
                            .replace("\"displayName\": \"Babs Jensen\"", "\"displayName\": \"Babs Smith\""),
                            .replace("\"active\": true", "\"active\": \"False\""),
                        ]),
                    File(
                        sample: "scim/rfc7643-8.4-group.json",
                        edits: [.without(key: "value", "902c246b-6245-4190-8e05-00816be7344a")]),
                ], manifest: 2, releases: true),
            Step(
                title: "A list that says how many there are, of people without an address",
                files: [File(sample: "scim/rfc7644-3.4.2-list_response-partial_attributes.json")]),
            Step(
                title: "A bulk request, of which one operation states no whole resource",
                files: [File(sample: "scim/rfc7644-3.7.3-bulk_request-multiple_operations.json")]),
        ])

    /// The second member of the group, whom no sample describes: the least that RFC 7643 asks of a user.
    private static let scimMandy = File(
        sample: "scim/rfc7643-8.1-user-minimal.json",
        edits: [
            .replace("2819c223-7f76-453a-919d-413861904646", "902c246b-6245-4190-8e05-00816be7344a"),
            .replace("bjensen@example.com", "mandy@example.com"),
        ])

    private static let csvLater: [Edit] = [
        .after("1727,", replace: "Active", with: "Terminated"),
        .after("1513,", replace: "Fadiman,Ginnie Fadiman", with: "Hale,Ginnie Hale"),
        .after("1783,", replace: "Sales", with: "Product Engineering"), .cut(from: "1895,Active", upTo: nil),
    ]

    private static let csv = PlanSample(
        name: "csv", policy: "csv",
        steps: [
            Step(title: "Five records", files: [File(sample: "csv/entra-5-records.csv")]),
            Step(
                title: "Later: Myriam is terminated, Ginnie renamed, Genevra in another department, Nyssa gone; no manifest",
                files: [File(sample: "csv/entra-5-records.csv", edits: csvLater)]),
            Step(
                title: "The same with a manifest", files: [File(sample: "csv/entra-5-records.csv", edits: csvLater)], manifest: 4,
                releases: true),
        ])
}
